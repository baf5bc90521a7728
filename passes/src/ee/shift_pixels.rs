//! `ee-shift-pixels`: lets an integer network whose argument is `pixel - 128`, as TFLite's are, take pixels.
//!
//! The images of every integer network are uint8, as the user has them: the bits of its argument. TFLite quantises an image of
//! 0..1 with scale 1/255 and zero point -128, so that its networks take `pixel - 128` as i8.
//!
//! Requires: a network that takes signed elements; one that takes pixels (a `tosa.rescale` with `input_unsigned`) stays as it is.
//! Ensures: an i8 argument's bits are uint8 pixels.
//!
//!     func @f(%x: 1x8x8x1xi8)                  func @f(%x: 1x8x8x1xi8)
//!     %y = tosa.conv2d %x           becomes    %s = tosa.rescale %x {input_unsigned = true}       // pixel - 128
//!                                              %y = tosa.conv2d %s

use atheena_dialects::{
    ir::{Attr, Builder, Failure, Op, Value},
    pass::{NoOptions, Pass},
    tosa::Rescale,
};

/// The pass.
pub struct ShiftPixels;

impl Pass for ShiftPixels {
    const FLAG: &'static str = "ee-shift-pixels";
    const SUMMARY: &'static str = "Let an integer network of signed images take pixels";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        let Some(body) = function.region(0).entry() else { return Ok(()) };
        let &[image] = &body.arguments()[..] else {
            return Err(function.error("expected one argument, the image", &["return and take nothing else"]));
        };
        let users = image.uses();
        let signed = image.ty().element().and_then(|element| element.int_width()) == Some(8);
        if !signed || users.iter().any(|&(user, _)| takes_pixels(user)) {
            return Ok(());
        }
        let element = image.ty().element().expect("a tensor has elements");
        let shift = Rescale { input_unsigned: true, input_zp: 128, ..Rescale::power_of_two(0) };
        let shifted: Value<'_> = shift.build(Builder::start(body, image.loc()), image, element);
        users.into_iter().for_each(|(user, operand)| user.set_operand(operand, shifted));
        function
            .remark("takes signed images: pixel - 128, as of an input with scale 1/255 and zero point -128");
        Ok(())
    }
}

fn takes_pixels(user: Op<'_>) -> bool {
    user.is("tosa.rescale") && user.attr("input_unsigned").and_then(Attr::to_bool) == Some(true)
}

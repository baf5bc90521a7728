//! `ee-commute-pool`: moves clamps, such as rectifiers, behind the max-pools that follow them.
//!
//! Requires: nothing.
//! Ensures: no max-pool that has fewer outputs than inputs reads a clamp that nothing else reads, itself or through crops.
//!
//!     %c = tosa.clamp %x : 28x28x5                             %p = tosa.max_pool2d %x : 28x28x5 -> 14x14x5
//!     %p = tosa.max_pool2d %c : 28x28x5 -> 14x14x5   becomes   %c = tosa.clamp %p : 14x14x5
//!
//! since a clamp keeps the order of numbers: the largest clamped is the clamped largest. A window of padding alone would tell
//! the two apart, so none is wider than its padding.

use atheena_dialects::{
    ir::{Failure, Op, Value},
    pass::{NoOptions, Pass},
    tosa::Geometry,
};

/// The pass.
pub struct CommutePool;

impl Pass for CommutePool {
    const FLAG: &'static str = "ee-commute-pool";
    const SUMMARY: &'static str = "Move clamps behind the max-pools that follow them";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        // In the order of the network: a clamp goes on behind the next pool.
        for pool in function.walk_named("tosa.max_pool2d") {
            while let Some((clamp, reader)) = clamp_before(pool) {
                commute(clamp, reader, pool);
            }
        }
        Ok(())
    }
}

/// The clamp whose numbers a max-pool alone reads, if it shrinks them, and what reads the clamp: the pool or a crop.
fn clamp_before<'c>(pool: Op<'c>) -> Option<(Op<'c>, Op<'c>)> {
    let Geometry { kernel, pad, .. } = Geometry::of(pool)?;
    let inside = (0..4).all(|side| pad[side] < kernel[side / 2]);
    let mut reader = pool;
    loop {
        let value = reader.operand(0)?;
        value.only_user()?;
        let producer = value.producer()?;
        if producer.is("tosa.clamp") {
            let shrinks = elements(pool.result(0)) < elements(value);
            return (inside && shrinks).then_some((producer, reader));
        }
        if !producer.is("tosa.slice") {
            return None;
        }
        reader = producer;
    }
}

fn commute<'c>(clamp: Op<'c>, reader: Op<'c>, pool: Op<'c>) {
    let (pooled, clamped) = (pool.result(0), clamp.result(0));
    if let Some(input) = clamp.operand(0) {
        reader.set_operand(0, input);
    }
    pooled.replace_uses(clamped);
    clamp.set_operand(0, pooled);
    clamped.set_ty(pooled.ty());
    clamp.move_after(pool);
}

fn elements(value: Value<'_>) -> i64 {
    value.ty().shape().unwrap_or_default().iter().product()
}

//! The two ends of a stream: `data`, `valid`, `ready`.
//!
//! `valid` never waits for `ready`; once valid, a beat stays as it is until it is taken. A sender's `data` and `valid` are
//! registers. Behind a skid buffer what it sees of `ready` is one too; behind a single register it is the receiver's, of this cycle.

use super::{Module, Signal, module::Wire};

/// The end where beats arrive.
pub struct Receiver<'c> {
    /// The beat.
    pub data: Signal<'c>,
    /// Is there one?
    pub valid: Signal<'c>,
    ready: Wire<'c>,
}

impl<'c> Receiver<'c> {
    /// Takes the beat, if there is one, where `ready` is set.
    pub fn take_if(&self, ready: Signal<'c>) {
        self.ready.drive(ready);
    }
}

/// The end where beats leave, through a skid buffer or a register.
pub struct Sender<'c> {
    /// Is there room for a beat?
    pub ready: Signal<'c>,
    data: Wire<'c>,
    valid: Wire<'c>,
}

impl<'c> Sender<'c> {
    /// Sends `data` where `valid` is set; it leaves only if there is room.
    pub fn send_if(&self, valid: Signal<'c>, data: Signal<'c>) {
        self.valid.drive(valid);
        self.data.drive(data);
    }
}

/// A part of a beat.
#[derive(Clone, Copy)]
pub struct Part<'c> {
    /// What it is.
    pub data: Signal<'c>,
    /// Where it is a constant instead, and which one.
    pub unless: Option<(Signal<'c>, Signal<'c>)>,
}

/// A beat, where there is one.
#[derive(Clone, Copy)]
pub struct Offer<'c> {
    /// The beat.
    pub data: Signal<'c>,
    /// Is there one?
    pub valid: Signal<'c>,
}

/// What registers that hold beats show.
pub struct Held<'c> {
    /// Is there room for a beat?
    pub ready: Signal<'c>,
    /// The oldest one.
    pub head: Offer<'c>,
}

/// A skid buffer, two entries: the output is registered, and so is whether there is room.
///
/// Takes the beat that is offered where there is room; the oldest one leaves where `taken` is set. One beat a cycle, one cycle of
/// latency.
pub fn skid<'c>(m: &Module<'c>, name: &str, offer: Offer<'c>, taken: Signal<'c>) -> Held<'c> {
    let Offer { data, valid } = offer;
    let head = m.data_register(&format!("{name}_head"), data.width());
    let head_valid = m.register(&format!("{name}_head_valid"), 1);
    let spare = m.data_register(&format!("{name}_spare"), data.width());
    let spare_valid = m.register(&format!("{name}_spare_valid"), 1);

    let ready = !*spare_valid;
    let advance = !*head_valid | taken;
    head.next_if(advance, spare_valid.mux(*spare, data));
    head_valid.next_if(advance, *spare_valid | valid);
    // What arrives while the head is stuck waits beside it.
    spare.next_if(ready, data);
    spare_valid.next(!advance & (*spare_valid | valid));
    Held { ready, head: Offer { data: *head, valid: *head_valid } }
}

/// A register, one entry, as [`skid`]; there is room where it is empty or what is in it leaves.
fn single<'c>(m: &Module<'c>, name: &str, offer: Offer<'c>, taken: Signal<'c>) -> Held<'c> {
    let head = m.data_register(&format!("{name}_head"), offer.data.width());
    let head_valid = m.register(&format!("{name}_head_valid"), 1);
    let ready = !*head_valid | taken;
    head.next_if(ready, offer.data);
    head_valid.next_if(ready, offer.valid);
    Held { ready, head: Offer { data: *head, valid: *head_valid } }
}

/// What stands between an actor and its output.
type Buffer<'c> = fn(&Module<'c>, &str, Offer<'c>, Signal<'c>) -> Held<'c>;

impl<'c> Module<'c> {
    /// Input stream `index`, ports `i<index>_…`.
    pub fn receive(&mut self, index: usize, width: u32) -> Receiver<'c> {
        self.receive_named(&format!("i{index}"), width)
    }

    /// An input stream with ports `<name>_data`, `<name>_valid`, `<name>_ready`.
    fn receive_named(&mut self, name: &str, width: u32) -> Receiver<'c> {
        let data = self.input(&format!("{name}_data"), width);
        let valid = self.input(&format!("{name}_valid"), 1);
        let ready = self.wire(&format!("{name}_ready"), 1);
        self.output(&format!("{name}_ready"), *ready);
        Receiver { data, valid, ready }
    }

    /// Input stream `index` behind a skid buffer, for actors whose `ready` depends on another stream's `valid`.
    pub fn receive_buffered(&mut self, index: usize, width: u32) -> Receiver<'c> {
        let port = self.receive(index, width);
        let taken = self.wire(&format!("i{index}_taken"), 1);
        let offer = Offer { data: port.data, valid: port.valid };
        let Held { ready, head: Offer { data, valid } } = skid(self, &format!("i{index}"), offer, *taken);
        port.take_if(ready);
        Receiver { data, valid, ready: taken }
    }

    /// Output stream `index`, ports `o<index>_…`, through a skid buffer.
    pub fn send(&mut self, index: usize, width: u32) -> Sender<'c> {
        self.send_through(index, width, skid)
    }

    /// The same through a register, of half the flip-flops and without the LUTs of a skid buffer: for wide beats. The receiver's
    /// `ready` reaches the actor.
    pub fn send_single(&mut self, index: usize, width: u32) -> Sender<'c> {
        self.send_through(index, width, single)
    }

    /// The same, of beats that repeat elements: the register holds each part once, and `spread` makes beats of them. Where a part is a constant,
    /// its flip-flops are reset, so that the choice takes no LUTs. Sends where `valid` is set and there is room, which it returns.
    pub fn send_parts(
        &mut self,
        index: usize,
        valid: Signal<'c>,
        parts: &[Part<'c>],
        spread: impl FnOnce(&[Signal<'c>]) -> Signal<'c>,
    ) -> Signal<'c> {
        let name = format!("o{index}");
        let taken = self.wire(&format!("{name}_taken"), 1);
        let head_valid = self.register(&format!("{name}_head_valid"), 1);
        let ready = !*head_valid | *taken;
        head_valid.next_if(ready, valid);
        let held: Vec<_> = parts
            .iter()
            .map(|part| {
                let head = format!("{name}_head");
                let register = match part.unless {
                    None => self.data_register(&head, part.data.width()),
                    Some((unless, constant)) => self.register_unless(&head, ready & unless, constant),
                };
                register.next_if(ready, part.data);
                *register
            })
            .collect();
        self.output(&format!("{name}_data"), spread(&held));
        self.output(&format!("{name}_valid"), *head_valid);
        taken.drive(self.input(&format!("{name}_ready"), 1));
        ready
    }

    fn send_through(&mut self, index: usize, width: u32, buffer: Buffer<'c>) -> Sender<'c> {
        let name = format!("o{index}");
        let taken_port = self.wire(&format!("{name}_taken"), 1);
        let data = self.wire(&format!("{name}_next"), width);
        let valid = self.wire(&format!("{name}_next_valid"), 1);
        let offer = Offer { data: *data, valid: *valid };
        let Held { ready, head } = buffer(self, &name, offer, *taken_port);
        self.output(&format!("{name}_data"), head.data);
        self.output(&format!("{name}_valid"), head.valid);
        let ready_port = self.input(&format!("{name}_ready"), 1);
        taken_port.drive(ready_port);
        Sender { ready, data, valid }
    }
}

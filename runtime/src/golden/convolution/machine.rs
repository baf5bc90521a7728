//! What a machine's vectors can do.

/// The instructions that convolutions are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// The next one, with products of tiles of bytes (AMX).
    Amx,
    /// AVX-512 with sums of four products of bytes (VNNI).
    Avx512Vnni,
    /// AVX-512 with sums of two products of 16-bit integers (BW).
    Avx512,
    /// AVX2 with fused multiply-adds: vectors half as long, and half as many.
    Avx2,
    /// All else: what LLVM makes of MLIR's own loops.
    Other,
}

impl Machine {
    /// This machine.
    pub fn here() -> Self {
        Self::ALL.into_iter().find(|machine| machine.is_here()).unwrap_or(Self::Other)
    }

    /// The better before the worse; a machine that is one is those behind it too.
    pub const ALL: [Self; 5] = [Self::Amx, Self::Avx512Vnni, Self::Avx512, Self::Avx2, Self::Other];

    /// Can code for that machine run on this one?
    pub fn is_here(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let avx512 = || has!("avx512bw") && has!("avx512vl");
            match self {
                Self::Amx => Self::Avx512Vnni.is_here() && may_use_tiles(),
                Self::Avx512Vnni => avx512() && has!("avx512vnni"),
                Self::Avx512 => avx512(),
                Self::Avx2 => has!("avx2") && has!("fma"),
                Self::Other => true,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        return self == Self::Other;
    }

    /// Has it sums of four products of bytes?
    pub fn multiplies_bytes(self) -> bool {
        matches!(self, Self::Amx | Self::Avx512Vnni)
    }

    /// 32-bit lanes of a vector.
    pub fn lanes(self) -> i64 {
        if self == Self::Avx2 { 8 } else { 16 }
    }

    /// Sums in registers at once, in vectors: of 16 or 32 registers, some hold inputs and weights.
    pub fn sums(self) -> usize {
        if self == Self::Avx2 { 12 } else { 24 }
    }
}

/// Has the machine tiles of bytes, and does the system let this process use them? It must be asked, since their registers make each
/// thread's state 8 KiB larger (Linux, `Documentation/arch/x86/xstate.rst`).
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn may_use_tiles() -> bool {
    const REQUEST_PERMISSION: libc::c_long = 0x1023;
    const TILE_DATA: libc::c_long = 18;
    /// AMX-TILE and AMX-INT8 in EDX of CPUID's leaf 7.
    const TILES_OF_BYTES: u32 = 1 << 24 | 1 << 25;
    let has = std::arch::x86_64::__cpuid_count(7, 0).edx & TILES_OF_BYTES == TILES_OF_BYTES;
    // SAFETY: the call takes two numbers and changes nothing but what the process may use.
    has && unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) } == 0
}

#[cfg(all(target_arch = "x86_64", not(target_os = "linux")))]
fn may_use_tiles() -> bool {
    false
}

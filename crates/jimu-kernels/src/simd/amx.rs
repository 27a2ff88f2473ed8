//! Whether this program may use AMX, Intel's registers for tiles of matrices.

/// Whether the processor has AMX for `bf16`, and the operating system lets this program use it, for which it has to be asked.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) fn is_available() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count};

    /// `arch_prctl`'s request of a feature, and the feature that is the tiles' data.
    const REQUEST: libc::c_int = 0x1023;
    const TILES: libc::c_ulong = 18;
    /// Tiles and their products of `bf16`, in what the processor tells of its features.
    const FEATURES: u32 = 1 << 24 | 1 << 22;

    let told = __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & FEATURES == FEATURES;
    // SAFETY: the call only allows this program's threads to use the registers, and fails where it does not know them.
    told && unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST, TILES) } == 0
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(super) fn is_available() -> bool {
    false
}

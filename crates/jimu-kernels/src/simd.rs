//! Which vector instructions the kernels use: the best vectors the machine has, chosen once, at run time.
//!
//! The environment variable `JIMU_SIMD` (`amx`, `avx512`, `avx2`, `neon` or `scalar`) asks for another of those it has, to
//! measure or to reproduce the bits of a lesser machine. `amx` is AVX-512 with matrix products in AMX's registers: up to twice as fast
//! as long as nobody else is busy on the same core; where somebody is, all but large products are slower, so that it has to be
//! asked for.

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod amx;

use std::sync::LazyLock;

use pulp::{Arch, WithSimd};

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
const AMX: &str = "amx";

static CHOICE: LazyLock<Choice> = LazyLock::new(|| {
    let requested = std::env::var("JIMU_SIMD").ok();
    choose(requested.as_deref()).unwrap_or_else(|message| panic!("{message}"))
});

/// An instruction set and its name.
#[derive(Clone, Copy, Debug)]
struct Choice {
    arch: Arch,
    name: &'static str,
}

/// Runs `op` compiled for the chosen instruction set; a closure without arguments will do, if it is `#[inline(always)]`.
///
/// ```
/// let squares: Vec<f32> = jimu_kernels::simd::dispatch(#[inline(always)] || (0..4).map(|x| (x * x) as f32).collect());
/// assert_eq!(squares, [0.0, 1.0, 4.0, 9.0]);
/// ```
///
/// # Panics
/// If `JIMU_SIMD` names an instruction set that is unknown or that this machine lacks.
#[inline(always)]
pub fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    CHOICE.arch.dispatch(op)
}

/// The chosen instruction set: `amx`, `avx512`, `avx2`, `neon` or `scalar`.
///
/// # Panics
/// As [`dispatch`].
pub fn name() -> &'static str {
    CHOICE.name
}

/// Whether the chosen instruction set contains AVX2.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx2() -> bool {
    matches!(CHOICE.arch, Arch::V3(_) | Arch::V4(_))
}

/// Whether the chosen instruction set contains AVX-512F.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx512() -> bool {
    matches!(CHOICE.arch, Arch::V4(_))
}

/// Whether the chosen instruction set contains AMX, for `bf16`, and with it AVX-512F.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_amx() -> bool {
    CHOICE.name == AMX
}

/// The instruction sets of this machine that `JIMU_SIMD` may ask for; the first is chosen if it does not.
///
/// ```
/// assert_eq!(jimu_kernels::simd::names().last(), Some(&"scalar"));
/// ```
pub fn names() -> Vec<&'static str> {
    available().into_iter().map(|(name, _)| name).collect()
}

/// The instruction sets of this machine, that which is chosen first.
fn available() -> Vec<(&'static str, Arch)> {
    let mut available = Vec::new();
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    {
        let avx512 = pulp::x86::V4::try_new();
        available.extend(avx512.map(|simd| ("avx512", Arch::V4(simd))));
        available.extend(avx512.filter(|_| amx::is_available()).map(|simd| (AMX, Arch::V4(simd))));
        available.extend(pulp::x86::V3::try_new().map(|simd| ("avx2", Arch::V3(simd))));
    }
    #[cfg(target_arch = "aarch64")]
    available.extend(pulp::aarch64::Neon::try_new().map(|simd| ("neon", Arch::Neon(simd))));
    available.push(("scalar", Arch::Scalar));
    available
}

fn choose(requested: Option<&str>) -> Result<Choice, String> {
    let available = available();
    let position = match requested.filter(|name| !name.is_empty()) {
        None => Some(0),
        Some(name) => available.iter().position(|&(other, _)| other == name),
    };
    match position {
        Some(index) => Ok(Choice { name: available[index].0, arch: available[index].1 }),
        None => {
            let (requested, names) = (requested.unwrap_or_default(), names().join(", "));
            Err(format!("JIMU_SIMD={requested}: this machine has {names}; set it to one of these or not at all"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_vectors_are_chosen_unless_another_is_asked_for() {
        let best = choose(None).unwrap().name;
        assert_eq!(best, available()[0].0);
        assert_ne!(best, "amx");
        assert_eq!(choose(Some("")).unwrap().name, best);
        for (name, _) in available() {
            assert_eq!(choose(Some(name)).unwrap().name, name);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_machine_with_avx2_does_not_fall_back_to_scalar() {
        if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
            assert_ne!(choose(None).unwrap().name, "scalar");
        }
    }

    #[test]
    fn what_the_machine_lacks_is_refused() {
        let message = choose(Some("mmx")).unwrap_err();
        assert!(message.starts_with("JIMU_SIMD=mmx: this machine has ") && message.contains("scalar"), "{message}");
    }

    /// All tests of this crate, again, with each instruction set but that which is chosen first: the choice is made once in a process.
    #[test]
    fn all_tests_pass_with_each_other_instruction_set() {
        if std::env::var_os("JIMU_SIMD").is_some() {
            return;
        }
        for name in &names()[1..] {
            let mut again = std::process::Command::new(std::env::current_exe().unwrap());
            let ran = again.env("JIMU_SIMD", name).output().unwrap();
            let text = String::from_utf8_lossy(&ran.stdout);
            assert!(ran.status.success() && text.contains("test result: ok"), "with {name}:\n{text}");
        }
    }

    #[test]
    fn every_instruction_set_computes_the_same() {
        for (name, arch) in available() {
            let sum = arch.dispatch(
                #[inline(always)]
                || (0..1000).map(f64::from).sum::<f64>(),
            );
            assert_eq!(sum, 499_500.0, "{name}");
        }
    }
}

#![cfg(target_os = "linux")]
use kvm_ioctls::{Cap, Kvm, VmFd};
pub const KVM_CAP_FIRST: u32 = 1 << 3;
#[repr(u32)]
enum Names { #[cfg(target_arch = "x86_64")] First = KVM_CAP_FIRST, Second = KVM_CAP_SECOND }
impl Names {
    const ALL: [u32; 2] = [KVM_CAP_FIRST, KVM_CAP_SECOND];
    fn enable(&self, vm: &VmFd) -> Result<(), Error> {
        let mut cap = kvm_enable_cap { cap: KVM_CAP_FIRST, flags: 0, ..Default::default() };
        cap.args[0] = 1u64;
        vm.enable_cap(&cap).map_err(Error::Enable)?;
        let _ = vm.enable_cap(&cap);
        match vm.check_extension_int(Cap::First) {
            n if n > 0 => Ok(()),
            0 | 1 => Err(Error::Old),
            _ => panic!("no"),
        }
    }
}

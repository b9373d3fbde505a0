macro_rules! need { ($cap:expr) => { if !kvm.check_extension($cap) { return Err(Error::Missing); } }; }
ioctl_write_ptr!(kvm_enable_cap, KVMIO, 0xa3, kvm_enable_cap);
fn f<'a, T: Into<u64>>(x: Option<&'a T>) -> bool {
    need!(Cap::First);
    assert!(kvm.check_extension(Cap::Second), "{}", x);
    let check = |n: u32| unsafe { ioctl_with_val(&self.vm, KVM_CHECK_EXTENSION(), n.into()) } == 1;
    for (i, c) in vec![KVM_CAP_FIRST].iter().enumerate() { check(*c); }
    let Some(v) = x else { return false };
    if let Ok(y) = g(v) && !y { h() } else if z { loop { break; } } else { r#"raw " text"#.len() };
    let t = if a { KVM_CAP_FIRST } else { KVM_CAP_SECOND };
    while let Some(q) = s.pop() { continue }
    #[cfg(test)] { unreachable!() }
    t as u64 == 0xff_u64
}
#[cfg(test)] mod tests { fn g() { KVM_CAP_UNSEEN; } }

//! A limit for attempts to sign in: ten a minute from one address. It keeps guesses out of the log and the hash, and
//! locks out nobody who is signed in.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Attempts of one address in [`WINDOW`].
const MOST: u32 = 10;

const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// Addresses that are remembered; when there are more, everyone waits.
const ADDRESSES: usize = 10_000;

/// By address, when its window began, and its attempts since.
#[derive(Default)]
pub struct Attempts(Mutex<BTreeMap<IpAddr, (Timestamp, u32)>>);

impl Attempts {
    /// Counts an attempt; false if the address has to wait.
    pub fn may_try(&self, address: IpAddr, now: Timestamp) -> bool {
        let address = network(address);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (began, _)| now.duration_since(*began).abs() < WINDOW);
        if all.len() >= ADDRESSES && !all.contains_key(&address) {
            return false;
        }
        let (_, attempts) = all.entry(address).or_insert((now, 0));
        *attempts += 1;
        *attempts <= MOST
    }
}

/// One line has 2⁶⁴ addresses of IPv6: they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_one_turn_whichever_of_its_addresses_it_uses() {
        let attempts = Attempts::default();
        let address = |last: u16| IpAddr::from([0x2001, 0xdb8, 1, 2, 0, 0, 0, last]);
        let tries = (0..12).filter(|last| attempts.may_try(address(*last), Timestamp::UNIX_EPOCH)).count();
        assert_eq!(tries, 10);
        let other = IpAddr::from([0x2001, 0xdb8, 1, 3, 0, 0, 0, 1]);
        assert!(attempts.may_try(other, Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn the_eleventh_attempt_in_a_minute_waits_and_other_addresses_do_not() {
        let attempts = Attempts::default();
        let (one, other): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let now = Timestamp::UNIX_EPOCH;
        let tries = (0..12).filter(|_| attempts.may_try(one, now)).count();
        assert_eq!(tries, 10);
        assert!(attempts.may_try(other, now));
        assert!(attempts.may_try(one, now + WINDOW));
    }
}

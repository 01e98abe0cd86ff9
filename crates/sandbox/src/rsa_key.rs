//! Generates an RSA key pair, so that the source holds no private key.
//!
//! Salesforce takes RS256 alone, and of the crates that generate RSA keys `rsa` has an open advisory
//! (RUSTSEC-2023-0071) and `aws-lc-rs` brings a second TLS provider. What is made here opens nothing but a sandbox that
//! ends with its process: it is neither constant in time nor drawn from a random generator for secrets.

use std::iter::{once, repeat, repeat_with};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The public exponent, F4.
const E: u64 = 65_537;

/// Words of a prime: half of a key of 2,048 bits, the least that is accepted.
const PRIME_WORDS: usize = 16;

/// Candidates with a smaller factor are not worth the slow test.
const TRIAL_DIVISORS: u64 = 3_000;

/// An `AlgorithmIdentifier` that says `rsaEncryption`.
const RSA_ENCRYPTION: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// Tags of DER.
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// A natural number, the least significant word first.
type Natural = Vec<u64>;

/// An RSA key pair of 2,048 bits.
#[derive(Debug, Clone)]
pub struct RsaKey {
    /// The private key as PKCS #8 in PEM, what `private_key_file` holds.
    pub private_pem: String,
    /// The public key as PKCS #1 in DER, what the uploaded certificate says.
    pub public_der: Vec<u8>,
}

impl RsaKey {
    /// Another key at every call.
    pub fn generate() -> Self {
        let (first, second) = (prime(), prime());
        // `q` has to be smaller than `p` for its inverse.
        let (p, q) =
            if first.iter().rev().gt(second.iter().rev()) { (first, second) } else { (second, first) };
        let (p_minus_1, q_minus_1) = (minus_1(&p), minus_1(&q));
        let d = inverse_of_e(&multiply(&p_minus_1, &q_minus_1));
        let (exponent_p, exponent_q) = (inverse_of_e(&p_minus_1), inverse_of_e(&q_minus_1));
        // By Fermat, `q` to the power of `p - 2` is its inverse: one less than `p - 1`, whose lowest bits are not 0.
        let p_minus_2 = subtract(p.clone(), &[2]);
        let coefficient = Montgomery::new(&p).power(&q, &p_minus_2);
        let n = multiply(&p, &q);
        let public = [integer(&n), integer(&[E])];
        let private = [&[], &n[..], &[E], &d, &p, &q, &exponent_p, &exponent_q, &coefficient].map(integer);
        let private = der(OCTET_STRING, &der(SEQUENCE, &private.concat()));
        let pkcs8 = der(SEQUENCE, &[integer(&[]), RSA_ENCRYPTION.to_vec(), private].concat());
        Self { private_pem: pem(&pkcs8), public_der: der(SEQUENCE, &public.concat()) }
    }
}

/// A random prime with both highest bits set, so that the product of two has all its bits. Fermat's test to the base
/// 2 passes for random composites of this size less often than the machine errs.
fn prime() -> Natural {
    let mut candidates = repeat_with(|| {
        let middle = repeat_with(|| fastrand::u64(..)).take(PRIME_WORDS - 2);
        once(fastrand::u64(..) | 1).chain(middle).chain(once(fastrand::u64(..) | 3 << 62)).collect()
    });
    let prime = |number: &Natural| {
        remainder(number, E) != 1
            && (3..TRIAL_DIVISORS).step_by(2).all(|divisor| remainder(number, divisor) != 0)
            && Montgomery::new(number).power_of_2(&minus_1(number)) == one(number.len())
    };
    candidates.find(prime).unwrap_or_default()
}

/// 1 in so many words.
fn one(words: usize) -> Natural {
    once(1).chain(repeat(0)).take(words).collect()
}

/// Of an odd number.
fn minus_1(odd: &[u64]) -> Natural {
    subtract(odd.to_vec(), &[1])
}

/// Arithmetic modulo an odd number, on factors times 2^64 for each of its words.
struct Montgomery<'a> {
    modulus: &'a [u64],
    /// Times the lowest word of the modulus, this is -1 modulo 2^64.
    negative_inverse: u64,
}

impl<'a> Montgomery<'a> {
    fn new(modulus: &'a [u64]) -> Self {
        let lowest = modulus.first().copied().unwrap_or_default();
        // Newton's method: each step doubles the bits that are right, of which an odd number has three at first.
        let inverse = (0..5).fold(lowest, |inverse, _| {
            inverse.wrapping_mul(2_u64.wrapping_sub(lowest.wrapping_mul(inverse)))
        });
        Self { modulus, negative_inverse: inverse.wrapping_neg() }
    }

    /// `base` to the power of `exponent`.
    fn power(&self, base: &[u64], exponent: &[u64]) -> Natural {
        let base = self.multiply(base, &self.scale(&self.scale(&one(self.modulus.len()))));
        self.power_by(exponent, |power| self.multiply(&power, &base))
    }

    /// Two to the power of `exponent`, in two thirds of the time.
    fn power_of_2(&self, exponent: &[u64]) -> Natural {
        self.power_by(exponent, |power| self.double(&power))
    }

    /// Square and multiply; `times_base` multiplies.
    fn power_by(&self, exponent: &[u64], times_base: impl Fn(Natural) -> Natural) -> Natural {
        let bits = exponent.iter().rev().flat_map(|word| (0..64).rev().map(move |bit| word >> bit & 1 == 1));
        let power = bits.fold(self.scale(&one(self.modulus.len())), |power, bit| {
            let square = self.multiply(&power, &power);
            if bit { times_base(square) } else { square }
        });
        self.multiply(&power, &[1])
    }

    /// Times 2^64 for each word.
    fn scale(&self, number: &[u64]) -> Natural {
        (0..64 * self.modulus.len()).fold(number.to_vec(), |number, _| self.double(&number))
    }

    fn multiply(&self, one: &[u64], other: &[u64]) -> Natural {
        let mut product = multiply(one, other);
        product.resize(2 * self.modulus.len() + 1, 0);
        for _ in self.modulus {
            let lowest = product.first().copied().unwrap_or_default();
            add_product(&mut product, self.modulus, lowest.wrapping_mul(self.negative_inverse));
            // It is 0 now.
            product.remove(0);
        }
        self.reduce(product)
    }

    fn double(&self, number: &[u64]) -> Natural {
        let mut doubled = multiply(number, &[2]);
        doubled.truncate(self.modulus.len() + 1);
        self.reduce(doubled)
    }

    /// A number with one word more than the modulus, and less than twice the modulus.
    fn reduce(&self, mut number: Natural) -> Natural {
        if number.iter().rev().ge(once(&0).chain(self.modulus.iter().rev())) {
            number = subtract(number, self.modulus);
        }
        number.pop();
        number
    }
}

/// The number that times [`E`] leaves 1 when it is divided by `modulus`.
fn inverse_of_e(modulus: &[u64]) -> Natural {
    let rest = remainder(modulus, E);
    let times = (1..E).find(|times| (rest * times + 1).is_multiple_of(E)).unwrap_or_default();
    let mut multiple = multiply(modulus, &[times]);
    add_product(&mut multiple, &[1], 1);
    divide(&multiple, E).0
}

fn multiply(one: &[u64], other: &[u64]) -> Natural {
    let mut product = vec![0; one.len() + other.len()];
    for (place, word) in one.iter().enumerate() {
        add_product(product.iter_mut().skip(place), other, *word);
    }
    product
}

/// Adds `number` times `word` to `sum`.
fn add_product<'a>(sum: impl IntoIterator<Item = &'a mut u64>, number: &[u64], word: u64) {
    let mut carry = 0;
    for (into, factor) in sum.into_iter().zip(number.iter().chain(repeat(&0))) {
        (*into, carry) = factor.carrying_mul_add(word, carry, *into);
    }
}

fn subtract(mut number: Natural, less: &[u64]) -> Natural {
    let mut borrow = false;
    for (word, less) in number.iter_mut().zip(less.iter().chain(repeat(&0))) {
        (*word, borrow) = word.borrowing_sub(*less, borrow);
    }
    number
}

/// Quotient and remainder; the divisor has at most 32 bits.
fn divide(number: &[u64], divisor: u64) -> (Natural, u64) {
    let mut rest = 0;
    let mut half = |half: u64| {
        let dividend = rest << 32 | half;
        rest = dividend % divisor;
        dividend / divisor
    };
    let mut quotient: Natural =
        number.iter().rev().map(|word| half(word >> 32) << 32 | half(word & 0xffff_ffff)).collect();
    quotient.reverse();
    (quotient, rest)
}

fn remainder(number: &[u64], divisor: u64) -> u64 {
    let halves = number.iter().rev().flat_map(|word| [word >> 32, word & 0xffff_ffff]);
    halves.fold(0, |rest, half| (rest << 32 | half) % divisor)
}

/// DER of a natural number.
fn integer(number: &[u64]) -> Vec<u8> {
    const INTEGER: u8 = 0x02;
    let bytes = number.iter().rev().flat_map(|word| word.to_be_bytes());
    let mut bytes: Vec<u8> = bytes.skip_while(|byte| *byte == 0).collect();
    if bytes.first().is_none_or(|byte| *byte >= 0x80) {
        bytes.insert(0, 0);
    }
    der(INTEGER, &bytes)
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let mut head: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    if content.len() >= 0x80 {
        head.insert(0, 0x80 | u8::try_from(head.len()).unwrap_or_default());
    }
    [&[tag], &head[..], content].concat()
}

fn pem(der: &[u8]) -> String {
    let edge = |edge: &str| format!("-----{edge} PRIVATE KEY-----");
    let mut pem = edge("BEGIN");
    for (place, letter) in STANDARD.encode(der).chars().enumerate() {
        if place.is_multiple_of(64) {
            pem.push('\n');
        }
        pem.push(letter);
    }
    format!("{pem}\n{}\n", edge("END"))
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    /// ring checks that the parts of a private key belong together.
    #[test]
    fn what_a_generated_key_signs_its_public_key_verifies() {
        let made = RsaKey::generate();
        let der = PrivatePkcs8KeyDer::from_pem_slice(made.private_pem.as_bytes()).unwrap();
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), b"a claim", &mut signature).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &made.public_der);
        assert!(public.verify(b"a claim", &signature).is_ok());
        assert!(public.verify(b"another", &signature).is_err());
        assert_eq!(key.public().modulus_len(), 256);
        assert_eq!(key.public().as_ref(), made.public_der);
        assert!(made.private_pem.lines().all(|line| line.len() <= 64));
        assert_ne!(RsaKey::generate().public_der, made.public_der);
    }

    #[test]
    fn powers_are_those_of_schoolbook_arithmetic() {
        // A Mersenne prime and a composite, of one and of two words.
        let mersenne = [u64::MAX, (1 << 63) - 1];
        assert_eq!(Montgomery::new(&mersenne).power_of_2(&minus_1(&mersenne)), [1, 0]);
        assert_eq!(Montgomery::new(&[1_000_003]).power(&[12_345], &[3]), [12_345_u64.pow(3) % 1_000_003]);
        assert_ne!(Montgomery::new(&[1_000_005]).power_of_2(&[1_000_004]), [1]);
    }

    #[test]
    fn numbers_are_divided_with_a_rest() {
        let number = multiply(&[5, 7], &[E]);
        assert_eq!((divide(&number, E), remainder(&number, E)), ((vec![5, 7, 0], 0), 0));
        assert_eq!(multiply(&inverse_of_e(&[1_000_002]), &[E])[0] % 1_000_002, 1);
        assert_eq!((integer(&[]), integer(&[0x80])), (vec![2, 1, 0], vec![2, 2, 0, 0x80]));
        assert_eq!(der(4, &[7; 200])[..4], [4, 0x81, 200, 7]);
    }
}

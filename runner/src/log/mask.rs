//! Secrets that a command prints are not passed on: as well as it can be done, since a command may
//! write them in any other form.

/// What stands in their place.
const MASK: &[u8] = b"***";
/// A shorter value would be found in words that are no secret.
const SHORTEST: usize = 6;

/// Looks for secrets in a stream of bytes, also where one comes in parts.
#[derive(Default)]
pub(super) struct Masks {
    /// The longest first, so that one which begins another is not taken for it.
    secrets: Vec<Vec<u8>>,
    /// The end of what came so far, as long as a secret may begin there.
    held: Vec<u8>,
}

impl Masks {
    pub(super) fn add(&mut self, secret: &str) {
        let secret = secret.trim().as_bytes();
        if secret.len() >= SHORTEST {
            self.secrets.push(secret.to_vec());
            self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// What may be passed on now that `bytes` have come.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        self.masked(false)
    }

    /// What is held back, now that nothing of it goes on.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        self.masked(true)
    }

    fn masked(&mut self, is_over: bool) -> Vec<u8> {
        let all = std::mem::take(&mut self.held);
        let (mut out, mut at) = (Vec::with_capacity(all.len()), 0);
        while let Some(&first) = all.get(at) {
            let rest = &all[at..];
            let goes_on = |secret: &Vec<u8>| secret.len() > rest.len() && secret.starts_with(rest);
            if !is_over && self.secrets.iter().any(goes_on) {
                self.held = rest.to_vec();
                break;
            }
            match self.secrets.iter().find(|secret| rest.starts_with(secret)) {
                Some(secret) => {
                    out.extend_from_slice(MASK);
                    at += secret.len();
                }
                None => {
                    out.push(first);
                    at += 1;
                }
            }
        }
        out
    }
}

//! As much of HTTP as a client needs that knows what it asked.

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// How long the answer at the beginning of `bytes` is, once it is there as a whole. Anything but a 200 is an error.
pub fn complete(bytes: &[u8]) -> Result<Option<usize>, String> {
    complete_as("200", bytes)
}

/// The same for another status.
pub fn complete_as(expected: &str, bytes: &[u8]) -> Result<Option<usize>, String> {
    let Some(head) = bytes.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD) else {
        return Ok(None);
    };
    let text =
        std::str::from_utf8(bytes.get(..head).unwrap_or_default()).map_err(|error| error.to_string())?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    if status != expected {
        return Err(format!("not {expected}: {text}"));
    }
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.trim().parse::<usize>().ok());
    let length = length.ok_or_else(|| format!("an answer of unknown length: {text}"))?;
    let end = head + END_OF_HEAD.len() + length;
    Ok((bytes.len() >= end).then_some(end))
}

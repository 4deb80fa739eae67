//! As much of AWS as one job sees: the container agent and a bucket, on one loopback port.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A key and what was put there.
type Object = (String, Vec<u8>);

/// What is in the bucket, in the order of the puts.
#[derive(Clone, Default)]
pub(crate) struct Bucket(Arc<Mutex<Vec<Object>>>);

impl Bucket {
    pub(crate) fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(key, _)| key.clone()).collect()
    }

    pub(crate) fn object(&self, key: &str) -> Vec<u8> {
        let objects = self.0.lock().unwrap();
        let found = objects.iter().find(|(known, _)| known.ends_with(key));
        found.map(|(_, body)| body.clone()).unwrap_or_else(|| panic!("{key} was not put"))
    }
}

/// Serves until the test's process ends; returns the address and the bucket.
pub(crate) fn serve() -> (String, Bucket) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let bucket = Bucket::default();
    let served = bucket.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let bucket = served.clone();
            std::thread::spawn(move || while answer(&stream, &bucket).is_some() {});
        }
    });
    (address, bucket)
}

fn answer(mut stream: &TcpStream, bucket: &Bucket) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let reply = match (method.as_str(), path.as_str()) {
        ("GET", "/meta/task") => r#"{"TaskARN":"arn:aws:ecs:eu-west-1:123456789012:task/c/7a5c"}"#,
        ("GET", "/credentials") => {
            r#"{"AccessKeyId":"ASIA","SecretAccessKey":"s","Token":"t","Expiration":"2999-01-01T00:00:00Z"}"#
        }
        ("PUT", path) => {
            let key = path.split('?').next()?.replace("%3A", ":");
            bucket.0.lock().unwrap().push((key, body));
            ""
        }
        other => panic!("{other:?} is not what a job asks"),
    };
    let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{reply}", reply.len());
    stream.write_all(reply.as_bytes()).ok()
}

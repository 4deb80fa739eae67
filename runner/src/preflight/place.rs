//! Where data lies.

/// A place in S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bucket: String,
    /// The key of one object; absent where it is a folder.
    pub(super) key: Option<String>,
    /// What the keys of a folder begin with.
    pub(super) prefix: String,
}

impl Place {
    /// The place at `address`, or why it is none that can be tried.
    pub(super) fn parse(address: &str) -> Result<Self, String> {
        let put = "put the data into S3, and write s3://<bucket>/<folder>/";
        let Some((scheme, rest)) = address.split_once("://") else {
            return Err(format!("it has no scheme: {put}"));
        };
        match scheme {
            "s3" => {}
            "file" => {
                return Err(format!("a file lies on one machine, and jobs run on others: {put}"));
            }
            other => return Err(format!("{other}:// is not tried here: {put}")),
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(format!("it names no bucket: {put}"));
        }
        let is_folder = key.is_empty() || key.ends_with('/');
        Ok(Self {
            bucket: bucket.to_owned(),
            key: (!is_folder).then(|| key.to_owned()),
            prefix: key.to_owned(),
        })
    }
}

use crate::clients::{Trouble, trouble};
use signalbox_testkit::{Answer, Script, json_error, ok, s3_error};

#[tokio::test]
async fn a_read_is_tried_three_times() {
    let script = Script::new([s3_error(503, "SlowDown"), Answer::Timeout, ok("x")]);
    let s3 = crate::testing::clients(script.clone()).s3();
    s3.patient.get_object().bucket("b").key("k").send().await.unwrap();
    assert_eq!(script.done().len(), 3);
}

#[tokio::test]
async fn what_is_ours_to_judge_is_tried_once() {
    for answer in [s3_error(503, "SlowDown"), Answer::Timeout, Answer::Broken] {
        let script = Script::new([answer]);
        let s3 = crate::testing::clients(script.clone()).s3();
        let error = s3.once.put_object().bucket("b").key("k").send().await.unwrap_err();
        assert!(matches!(trouble(&error), Trouble::Unclear(_)), "{error:?}");
        assert_eq!(script.done().len(), 1);
    }
}

#[tokio::test]
async fn an_endpoint_of_our_own_is_called_with_the_bucket_in_the_path() {
    let script = Script::new([ok("")]);
    let s3 = crate::testing::clients(script.clone()).s3();
    s3.once.put_object().bucket("state").key("a/b").send().await.unwrap();
    let seen = script.done();
    assert_eq!(seen[0].method, "PUT");
    assert!(seen[0].uri.starts_with("http://127.0.0.1:1/state/a/b"), "{}", seen[0].uri);
    assert!(seen[0].header("authorization").unwrap().contains("AKIA1"));
}

#[tokio::test]
async fn a_refusal_keeps_its_status_and_code() {
    let script = Script::new([json_error(400, "ClientException", "no such queue")]);
    let batch = crate::testing::clients(script.clone()).batch();
    let error = batch.once.list_jobs().send().await.unwrap_err();
    let trouble = trouble(&error);
    assert_eq!((trouble.status(), trouble.code()), (Some(400), Some("ClientException")));
    assert!(trouble.to_string().contains("no such queue"));
}

#[tokio::test]
async fn throttling_is_told_apart_from_refusal() {
    for (status, kind) in [(429, "TooManyRequestsException"), (400, "ThrottlingException")] {
        let script = Script::new([json_error(status, kind, "slow down")]);
        let batch = crate::testing::clients(script.clone()).batch();
        let error = batch.once.submit_job().job_name("j").job_queue("q").job_definition("d");
        let error = error.send().await.unwrap_err();
        assert!(matches!(trouble(&error), Trouble::Throttled(_)), "{error:?}");
    }
}

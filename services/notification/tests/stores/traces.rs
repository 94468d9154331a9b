//! Attempts to deliver as steps of a trace.

use std::time::Duration;

use todo_kit::testing::recording;

use crate::fixture::Fixture;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test]
async fn an_attempt_is_of_the_trace_that_asked_for_it_and_so_is_its_report() {
    let test = Fixture::new().await;
    test.plan(7).await;
    test.execute(
        "update delivery set traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'",
    )
    .await;
    let (tracer, spans) = recording();
    let worker = test.traced_worker(test.attempt(), tracer);
    assert_eq!(worker.deliver_due(Duration::from_mins(2)).await.unwrap(), 1);

    let attempt = spans.named("deliver email");
    assert_eq!(attempt.span_context.trace_id().to_string(), TRACE);
    assert_eq!(attempt.parent_span_id.to_string(), "b7ad6b7169203331");
    let link = &attempt.links[0].span_context;
    assert_eq!(link.span_id().to_string(), "b7ad6b7169203331");
    let said = format!("{:?}", attempt.attributes);
    assert!(said.contains("sent") && !said.contains('@'), "{said}");
    let (_, report) = test.outbox().await.remove(0);
    let own = format!("00-{TRACE}-{}-01", attempt.span_context.span_id());
    assert_eq!(report["traceparent"], own);
}

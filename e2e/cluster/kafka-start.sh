#!/bin/sh
# Starts one Kafka node that is broker and controller (KRaft).
#   KAFKA_ADVERTISED  host:port that clients reach it at   (kafka:9092)
#   KAFKA_DATA        folder of its log                    (/data/kafka)
#   KAFKA_HEAP        maximal heap                         (256m)
#   KAFKA_PROPERTIES  more lines of its properties file    (none)
set -ef
data=${KAFKA_DATA:-/data/kafka}
properties=/tmp/server.properties
cat >"$properties" <<END
node.id=1
process.roles=broker,controller
controller.quorum.voters=1@localhost:9093
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://:9092,CONTROLLER://localhost:9093
advertised.listeners=PLAINTEXT://${KAFKA_ADVERTISED:-kafka:9092}
log.dirs=$data
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
$KAFKA_PROPERTIES
END
kafka() {
  # One small node starts faster without the second compiler and with the plain collector.
  exec /jre/bin/java "-Xmx${KAFKA_HEAP:-256m}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Dorg.slf4j.simpleLogger.defaultLogLevel="${KAFKA_LOG:-warn}" -cp '/lib/kafka/*' "$@"
}
if [ ! -e "$data/meta.properties" ]; then
  (kafka kafka.tools.StorageTool format -t dG9kb3BsYXRmb3JtdG9kbw -c "$properties")
fi
kafka kafka.Kafka "$properties"

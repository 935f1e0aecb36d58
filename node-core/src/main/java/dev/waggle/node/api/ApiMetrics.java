package dev.waggle.node.api;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;

/** What {@code /metrics} shows, in Prometheus' text format. Thread-safe. */
final class ApiMetrics {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Timer firstByte =
      Timer.builder("waggle.first.token")
          .description("Time from a request to the first piece of its answer")
          .publishPercentileHistogram(false)
          .register(registry);

  ApiMetrics(NodeControl node) {
    new JvmMemoryMetrics().bindTo(registry);
    Gauge.builder("waggle.peers.connected", node, ApiMetrics::connected)
        .description("Members of the swarm that are connected")
        .register(registry);
    Gauge.builder("waggle.worker.slots", node, each -> each.capability().slots())
        .description("Tasks that this node runs at once")
        .register(registry);
    Gauge.builder("waggle.worker.running", node, each -> each.capability().running())
        .description("Tasks that this node runs now")
        .register(registry);
    Gauge.builder("waggle.worker.queued", node, each -> each.capability().queued())
        .description("Accepted tasks that wait here")
        .register(registry);
    Gauge.builder("waggle.ledger.entries", node, each -> each.ledger().head().checkpoint().size())
        .description("Entries of this node's ledger")
        .register(registry);
  }

  private static double connected(NodeControl node) {
    return node.swarm().peers().peers().stream().filter(peer -> peer.connected()).count();
  }

  String scrape() {
    return registry.scrape();
  }

  /** A request for an answer begins. */
  Request begin(String dialect) {
    return new Request(dialect);
  }

  /** One request for an answer. */
  final class Request {
    private final String dialect;
    private final long begin = System.nanoTime();

    private Request(String dialect) {
      this.dialect = dialect;
    }

    void firstByte() {
      firstByte.record(Duration.ofNanos(System.nanoTime() - begin));
    }

    void ended(String result) {
      Counter.builder("waggle.requests")
          .description("Requests for answers, by how they ended")
          .tag("dialect", dialect)
          .tag("result", result)
          .register(registry)
          .increment();
    }
  }
}

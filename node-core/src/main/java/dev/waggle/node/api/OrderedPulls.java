package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Verification;
import dev.waggle.mesh.swarm.pull.OrderedPull;
import dev.waggle.mesh.swarm.pull.PullProtocol;
import dev.waggle.mesh.swarm.pull.PullReport;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Models that members are asked to get. */
final class OrderedPulls {
  private static final Duration STEP = Duration.ofMillis(250);

  private final NodeControl node;
  private final LaterAnswers later;

  OrderedPulls(NodeControl node, LaterAnswers later) {
    this.node = node;
    this.later = later;
  }

  /** Answers when the member has the model; a client that goes away ends it there, too. */
  void answer(RoutingContext context, PeerId member, String model) {
    if (!PullProtocol.isName(model)) {
      throw JsonFields.wrong("model", "is no model's name");
    }
    HttpServerResponse response = context.response();
    later.answerLong(
        context,
        progress -> {
          try (OrderedPull pull = node.swarm().order(member, model)) {
            return result(member, model, end(pull, response, progress));
          } catch (IOException e) {
            throw failed(member, model, 502, "pull_failed", String.valueOf(e.getMessage()));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the node is shutting down");
          }
        });
  }

  private static PullReport end(
      OrderedPull pull, HttpServerResponse response, Verification.Progress progress)
      throws IOException, InterruptedException {
    Optional<PullReport> last = pull.await(STEP);
    while (last.isEmpty()) {
      if (response.closed()) {
        throw new CancellationException("nobody waits for it");
      }
      progress.at(pull.progress().completed(), pull.progress().total());
      last = pull.await(STEP);
    }
    return last.get();
  }

  private ObjectNode result(PeerId member, String model, PullReport last) {
    if (last instanceof PullReport.Refused refused) {
      throw failed(
          member, model, status(refused.reason()), "pull_refused", refused.reason().words());
    }
    if (last instanceof PullReport.Failed failed) {
      throw failed(member, model, 502, "pull_failed", failed.cause());
    }
    return JsonNodeFactory.instance
        .objectNode()
        .put("status", "success")
        .put("model", model)
        .put("peerId", member.toString())
        .put("node", node.swarm().membership().name(member));
  }

  private static int status(PullReport.Reason reason) {
    return switch (reason) {
      case NOT_ALLOWED, REQUEST -> 403;
      case BUSY -> 503;
      case NO_ENGINE -> 409;
      case NAME, LEAVES -> 400;
      case NO_ROOM -> 507;
    };
  }

  private ApiException failed(PeerId member, String model, int status, String code, String words) {
    return new ApiException(
        ApiError.of(
            status,
            "\""
                + node.swarm().membership().name(member)
                + "\" does not get "
                + model
                + ": "
                + words,
            code));
  }
}

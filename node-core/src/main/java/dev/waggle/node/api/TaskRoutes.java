package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.TaskStory;
import dev.waggle.ledger.LedgerEntry;
import dev.waggle.mesh.swarm.exchange.TaskId;
import dev.waggle.node.data.AccessToken.Scope;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** What became of requests. */
final class TaskRoutes {
  private final NodeControl node;
  private final Guard guard;
  private final LaterAnswers later;

  TaskRoutes(NodeControl node, Guard guard, LaterAnswers later) {
    this.node = node;
    this.guard = guard;
    this.later = later;
  }

  void addTo(Router router) {
    router.get("/swarm/v1/tasks/:id").handler(guard.requiring(Scope.READ)).handler(this::task);
  }

  private void task(RoutingContext context) {
    TaskId id;
    try {
      id = new TaskId(context.pathParam("id"));
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong("id", "is no task's name (the header x-waggle-task has it)");
    }
    later.answer(
        context,
        () -> {
          Optional<TaskStory> story = node.tasks().story(id);
          OptionalLong receipt = node.ledger().receiptOf(id.value());
          if (story.isEmpty() && receipt.isEmpty()) {
            throw new ApiException(
                ApiError.of(404, "this node knows no task " + id.value(), "not_found"));
          }
          ObjectNode body = JsonNodeFactory.instance.objectNode().put("task", id.value());
          story.ifPresent(known -> describe(body, known));
          receipt.ifPresent(
              sequence -> {
                LedgerEntry entry = node.ledger().entries(sequence, 1).get(0);
                body.set("receipt", EntryJson.of(entry));
              });
          return body;
        });
  }

  private void describe(ObjectNode body, TaskStory story) {
    body.put("model", story.model());
    ArrayNode events = body.putArray("events");
    for (TaskStory.Event each : story.events()) {
      ObjectNode event =
          events
              .addObject()
              .put("time", each.time().toString())
              .put("what", each.kind().name().toLowerCase(Locale.ROOT));
      each.node()
          .ifPresent(
              by ->
                  event
                      .put("peerId", by.toString())
                      .put("name", node.swarm().membership().name(by)));
      if (!each.detail().isEmpty()) {
        event.put("detail", each.detail());
      }
    }
  }
}

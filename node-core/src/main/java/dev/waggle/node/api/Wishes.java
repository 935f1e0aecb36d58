package dev.waggle.node.api;

import dev.waggle.coordinator.Terms;
import dev.waggle.mesh.swarm.exchange.Priority;
import dev.waggle.mesh.swarm.label.Label;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What a client wants of a request beside its answer, said in Waggle's own headers, or in the
 * object {@code waggle} of the body, in any dialect.
 *
 * @param labels where it may run
 */
record Wishes(Set<Label> labels, Terms terms) {
  /** Labels with commas between them. */
  static final String LABELS_HEADER = "x-waggle-labels";

  /** {@code low}, {@code normal} or {@code high}. */
  static final String PRIORITY_HEADER = "x-waggle-priority";

  /** How long the whole answer may take, in milliseconds. */
  static final String DEADLINE_HEADER = "x-waggle-deadline-ms";

  /**
   * Reads them.
   *
   * @param everywhere labels that all requests of this node carry
   */
  static Wishes of(HttpServerRequest request, JsonFields body, Set<Label> everywhere) {
    JsonFields own = body.object("waggle");
    List<String> all = new ArrayList<>(Label.texts(everywhere));
    all.addAll(Label.texts(labels("waggle.labels", own.texts("labels", Label.OF_REQUEST_MAX))));
    for (String header : request.headers().getAll(LABELS_HEADER)) {
      Arrays.stream(header.split(",", -1))
          .map(String::strip)
          .filter(each -> !each.isEmpty())
          .forEach(all::add);
    }
    String priority = Optional.ofNullable(request.getHeader(PRIORITY_HEADER)).orElse("");
    OptionalLong deadline = own.number("deadline_ms");
    String header = request.getHeader(DEADLINE_HEADER);
    if (header != null) {
      deadline = OptionalLong.of(number(header));
    }
    return new Wishes(
        labels(LABELS_HEADER, all),
        new Terms(
            priority.isEmpty()
                ? priority("waggle.priority", own.text("priority", "normal"))
                : priority(PRIORITY_HEADER, priority),
            deadline.isPresent() ? Optional.of(deadline(deadline.getAsLong())) : Optional.empty(),
            /* restartable= */ false));
  }

  private static long number(String header) {
    try {
      return Long.parseLong(header);
    } catch (NumberFormatException e) {
      throw JsonFields.wrong(DEADLINE_HEADER, "has to be a whole number of milliseconds");
    }
  }

  private static Duration deadline(long millis) {
    if (millis < 1 || millis > Terms.DEADLINE_MAX.toMillis()) {
      throw JsonFields.wrong(
          DEADLINE_HEADER, "has to be 1 to " + Terms.DEADLINE_MAX.toMillis() + " milliseconds");
    }
    return Duration.ofMillis(millis);
  }

  private static Priority priority(String where, String text) {
    try {
      return Priority.valueOf(text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong(where, "has to be low, normal or high");
    }
  }

  private static Set<Label> labels(String where, Collection<String> texts) {
    try {
      return Label.all(texts, Label.OF_REQUEST_MAX);
    } catch (IllegalArgumentException e) {
      throw JsonFields.wrong(where, "is wrong: " + e.getMessage());
    }
  }
}

package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.Statement;
import java.util.function.Function;

/** What members earned and spent, as the API and the command line say it. */
public final class StatementJson {
  private StatementJson() {}

  /**
   * Field members, an object for each.
   *
   * @param names what a member is called
   */
  public static ObjectNode of(Statement statement, Function<PeerId, String> names) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode members = body.putArray("members");
    statement
        .lines()
        .forEach(
            (member, line) ->
                members
                    .addObject()
                    .put("peerId", member.toString())
                    .put("name", names.apply(member))
                    .put("tasksDone", line.tasksDone())
                    .put("tasksAsked", line.tasksAsked())
                    .put("earned", rounded(line.earned()))
                    .put("spent", rounded(line.spent()))
                    .put("promptTokens", line.promptTokens())
                    .put("outputTokens", line.outputTokens()));
    return body;
  }

  private static double rounded(double credits) {
    return Math.round(credits * 1_000) / 1_000.0;
  }
}

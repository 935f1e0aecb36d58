package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.PeerId;
import dev.waggle.ledger.EntryProof;
import dev.waggle.ledger.LedgerEntry;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import dev.waggle.node.audit.AuditException;
import dev.waggle.node.audit.ProofJson;
import dev.waggle.node.data.AccessToken.Scope;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;

/** This node's record: its entries, proofs of them, and what a check of all comes to. */
final class LedgerRoutes {
  private static final int ENTRIES_MAX = 1_000;

  private final NodeControl node;
  private final Guard guard;
  private final LaterAnswers later;

  LedgerRoutes(NodeControl node, Guard guard, LaterAnswers later) {
    this.node = node;
    this.guard = guard;
    this.later = later;
  }

  void addTo(Router router) {
    router.route("/swarm/v1/ledger*").handler(guard.requiring(Scope.READ));
    router.get("/swarm/v1/ledger").handler(this::ledger);
    router.get("/swarm/v1/ledger/proof").handler(this::proof);
    router.get("/swarm/v1/ledger/verify").handler(this::verify);
    router.get("/swarm/v1/ledger/cosigned").handler(this::cosigned);
    router.get("/swarm/v1/ledger/export").handler(this::export);
    router
        .post("/swarm/v1/ledger/backup")
        .handler(guard.requiring(Scope.ADMIN))
        .handler(this::backup);
    router
        .post("/swarm/v1/ledger/forget")
        .handler(guard.requiring(Scope.ADMIN))
        .handler(this::forget);
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private void ledger(RoutingContext context) {
    long from = parameter(context, "from", 1, Long.MAX_VALUE);
    int most = (int) parameter(context, "max", ENTRIES_MAX, ENTRIES_MAX);
    later.answer(
        context,
        () -> {
          ObjectNode body = object();
          ArrayNode entries = body.putArray("entries");
          node.ledger().entries(from, most).forEach(entry -> entries.add(EntryJson.of(entry)));
          body.put("total", node.ledger().head().checkpoint().size());
          return body;
        });
  }

  /** Entries as they are hashed, for copies that are checked elsewhere. */
  private void export(RoutingContext context) {
    long from = parameter(context, "from", 1, Long.MAX_VALUE);
    later.answer(
        context,
        () -> {
          ObjectNode body = object();
          ArrayNode entries = body.putArray("entries");
          for (LedgerEntry each : node.ledger().entries(from, ENTRIES_MAX)) {
            ObjectNode line = entries.addObject();
            line.put("entry", Base64.getEncoder().encodeToString(each.bytes()));
            if (!each.forgotten()) {
              line.put("payload", Base64.getEncoder().encodeToString(each.payload()));
            }
          }
          return body.put("checkpoint", node.ledger().head().note());
        });
  }

  private void backup(RoutingContext context) {
    Path file = Path.of(new JsonFields(HttpApi.json(context)).text("file"));
    if (!file.isAbsolute()) {
      throw JsonFields.wrong("file", "has to be a whole path");
    }
    later.answer(
        context,
        () -> {
          node.ledger().backup(file);
          return object().put("file", file.toString());
        });
  }

  private void forget(RoutingContext context) {
    Instant before =
        JsonFields.moment("before", new JsonFields(HttpApi.json(context)).text("before"));
    later.answer(context, () -> object().put("forgotten", node.ledger().forget(before).join()));
  }

  private void proof(RoutingContext context) {
    String task = context.request().getParam("task");
    long asked = task == null ? parameter(context, "entry", 1, Long.MAX_VALUE) : 0;
    later.answer(
        context,
        () -> {
          long sequence =
              task == null
                  ? asked
                  : node.ledger()
                      .receiptOf(task)
                      .orElseThrow(
                          () -> JsonFields.wrong("task", "has no receipt in this node's record"));
          SignedCheckpoint head = node.ledger().head();
          if (sequence > head.checkpoint().size()) {
            throw JsonFields.wrong(
                "entry", "has to be 1 to " + head.checkpoint().size() + ", the last entry");
          }
          // What others have seen proves more.
          SignedCheckpoint under =
              node.auditor()
                  .cosigned()
                  .filter(cosigned -> cosigned.checkpoint().size() >= sequence)
                  .filter(cosigned -> cosigned.checkpoint().size() <= head.checkpoint().size())
                  .orElse(head);
          EntryProof proof = node.ledger().prove(sequence, under);
          if (proof.entry().forgotten()) {
            throw JsonFields.wrong(
                "entry", "is there and its payload was forgotten (\"ledger forget\")");
          }
          return ProofJson.of(proof);
        });
  }

  private static long parameter(RoutingContext context, String name, long fallback, long most) {
    String text = context.request().getParam(name);
    if (text == null) {
      return fallback;
    }
    try {
      long value = Long.parseLong(text);
      if (value >= 1 && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw JsonFields.wrong(name, "has to be a whole number");
    }
    throw JsonFields.wrong(name, "has to be 1 to " + most);
  }

  /** The last checkpoint of a node's record that this one cosigned, if it did. */
  private void cosigned(RoutingContext context) {
    String peer = context.request().getParam("peer");
    if (peer == null) {
      throw JsonFields.wrong("peer", "is missing");
    }
    PeerId member = Members.named(node.swarm().membership(), "peer", peer);
    later.answer(
        context,
        () -> {
          ObjectNode body = object();
          node.auditor().known(member).ifPresent(note -> body.put("checkpoint", note.note()));
          return body;
        });
  }

  /** This node's own record, or a member's. */
  private void verify(RoutingContext context) {
    String peer = context.request().getParam("peer");
    if (peer == null) {
      later.answerLong(context, progress -> VerificationJson.of(node.ledger().verify(progress)));
      return;
    }
    PeerId member = Members.named(node.swarm().membership(), "peer", peer);
    later.answerLong(
        context,
        progress -> {
          try {
            return VerificationJson.of(node.auditor().verify(member, progress))
                .put("peer", member.toString());
          } catch (AuditException e) {
            throw new ApiException(ApiError.of(502, e.getMessage(), "peer_unavailable"));
          }
        });
  }
}

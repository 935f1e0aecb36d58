package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.crypto.ClaimPromise;
import dev.waggle.ledger.Attempt;
import dev.waggle.ledger.Claimed;
import dev.waggle.ledger.Dispute;
import dev.waggle.ledger.Forgotten;
import dev.waggle.ledger.LedgerEntry;
import dev.waggle.ledger.LedgerException;
import dev.waggle.ledger.MalformedReceiptException;
import dev.waggle.ledger.Offered;
import dev.waggle.ledger.Receipt;
import dev.waggle.ledger.tlog.Checkpoint;
import dev.waggle.ledger.tlog.MalformedCheckpointException;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import dev.waggle.mesh.swarm.membership.MembershipException;
import dev.waggle.mesh.swarm.membership.Revocation;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;

/** An entry of a record, as the API and the command line show it. */
public final class EntryJson {
  private EntryJson() {}

  /** Fields: sequence, time, type, actor, hash, and what the type has to say. */
  public static ObjectNode of(LedgerEntry entry) {
    ObjectNode node =
        JsonNodeFactory.instance
            .objectNode()
            .put("sequence", entry.sequence())
            .put("time", entry.time().toString())
            .put("type", entry.type().name().toLowerCase(Locale.ROOT))
            .put("actor", entry.actor().toString())
            .put("hash", HexFormat.of().formatHex(entry.hash()));
    if (entry.forgotten()) {
      return node.put("forgotten", true);
    }
    try {
      switch (entry.type()) {
        case RESULT -> ReceiptJson.describe(node, Receipt.parse(entry.payload()).body());
        case RECEIPT -> {
          Receipt receipt = Receipt.parse(entry.payload());
          ReceiptJson.describe(node, receipt.body());
          String verification = receipt.observation().verification();
          if (!verification.isEmpty()) {
            node.put("verification", verification);
          }
        }
        case ATTEMPT -> {
          Attempt attempt = Attempt.parse(entry.payload());
          node.put("task", attempt.task()).put("worker", attempt.worker().toString());
          node.put("model", attempt.model()).put("cause", attempt.cause());
        }
        case OFFER -> {
          Offered offered = Offered.parse(entry.payload());
          node.put("task", offered.task()).put("claim", offered.claim());
          node.put("model", offered.model());
          offered.labels().forEach(node.putArray("labels")::add);
        }
        case CLAIM -> {
          ClaimPromise promise = Claimed.parse(entry.payload()).promise();
          node.put("task", promise.task()).put("claim", promise.claim());
          node.put("worker", promise.worker().toString()).put("model", promise.model());
          node.put("modelDigest", promise.modelDigest());
        }
        case CHECKPOINT -> {
          Checkpoint seen =
              SignedCheckpoint.parse(new String(entry.payload(), StandardCharsets.UTF_8))
                  .checkpoint();
          node.put("entries", seen.size());
          node.put("root", HexFormat.of().formatHex(seen.root()));
        }
        case FORGET -> node.put("until", Forgotten.parse(entry.payload()).until());
        case DISPUTED -> node.put("result", Dispute.parse(entry.payload()).result());
        case POLICY -> node.put("change", new String(entry.payload(), StandardCharsets.UTF_8));
        case APPROVAL -> node.put("approved", new String(entry.payload(), StandardCharsets.UTF_8));
        case FORK -> node.put("evidence", new String(entry.payload(), StandardCharsets.UTF_8));
        case JOIN, LEAVE -> {
          // The certificate is in the payload; its swarm is in status and members.
        }
        case REVOKE -> {
          Revocation revocation = Revocation.parse(entry.payload());
          node.put("revoked", revocation.subject().toString()).put("reason", revocation.reason());
        }
      }
    } catch (MalformedReceiptException
        | MalformedCheckpointException
        | LedgerException
        | MembershipException e) {
      node.put("unreadable", e.getMessage());
    }
    return node;
  }
}

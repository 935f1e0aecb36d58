package dev.waggle.node.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.ledger.EntryProof;
import dev.waggle.ledger.LedgerException;
import dev.waggle.ledger.tlog.MalformedCheckpointException;
import dev.waggle.ledger.tlog.MerkleTree;
import dev.waggle.ledger.tlog.SignedCheckpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * The proof that a ledger has an entry, as a file: the entry as it is hashed, its payload, the
 * hashes beside it (RFC 6962), and a signed checkpoint (C2SP). Whoever has it needs nothing else.
 */
public final class ProofJson {
  /** The first field of every such file. */
  public static final String FORMAT = "waggle-entry-proof-1";

  private ProofJson() {}

  /** The file's content. */
  public static ObjectNode of(EntryProof proof) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("format", FORMAT);
    body.put("entry", base64(proof.entry().bytes()));
    body.put("payload", base64(proof.entry().payload()));
    ArrayNode inclusion = body.putArray("inclusion");
    proof.inclusion().forEach(each -> inclusion.add(base64(each)));
    return body.put("checkpoint", proof.checkpoint().note());
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /**
   * Reads a file's content. The checkpoint's signatures are checked by that, and that the payload
   * is the entry's; nothing else is.
   *
   * @throws MalformedProofException saying what is wrong
   */
  public static EntryProof parse(JsonNode body) throws MalformedProofException {
    if (!body.path("format").asText().equals(FORMAT)) {
      throw new MalformedProofException("it is no proof of an entry: its format is not " + FORMAT);
    }
    if (body.path("inclusion").size() > MerkleTree.PROOF_HASHES_MAX) {
      throw new MalformedProofException("it has more hashes than any proof");
    }
    try {
      List<byte[]> inclusion = new ArrayList<>();
      for (JsonNode each : body.path("inclusion")) {
        inclusion.add(bytes(each));
      }
      return EntryProof.of(
          bytes(body.path("entry")),
          bytes(body.path("payload")),
          inclusion,
          SignedCheckpoint.parse(body.path("checkpoint").asText()));
    } catch (MalformedCheckpointException | LedgerException e) {
      throw new MalformedProofException(String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new MalformedProofException("a part of it is not in base64", e);
    }
  }

  private static byte[] bytes(JsonNode text) throws IOException {
    if (!text.isTextual()) {
      throw new IOException("no text");
    }
    return text.binaryValue();
  }
}

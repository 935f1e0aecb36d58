package dev.waggle.node.data;

import dev.waggle.crypto.Base32;
import dev.waggle.crypto.Sha256;
import dev.waggle.node.data.AccessToken.Scope;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Clock;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The API's tokens. Looking one up asks memory only; making and revoking waits for the disk.
 * Thread-safe.
 */
public final class AccessTokens {
  /** The most there can be at once. */
  public static final int MAX = 256;

  /** How every token begins. */
  public static final String PREFIX = "wgl_";

  private static final int SECRET_BYTES = 32;
  private static final int ID_BYTES = 4;

  private final NodeDatabase database;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  // By the hash of the secret: how long a lookup takes says nothing of a secret that is not known.
  private final Map<String, AccessToken> byHash = new ConcurrentHashMap<>();

  /** A token and, this once, its secret. */
  public record Made(AccessToken token, String secret) {}

  /** Reads those that the database has. */
  public AccessTokens(NodeDatabase database, Clock clock) {
    this.database = database;
    this.clock = clock;
    byHash.putAll(
        database.read(
            connection -> {
              Map<String, AccessToken> found = new ConcurrentHashMap<>();
              try (PreparedStatement select =
                      connection.prepareStatement(
                          "SELECT hash, id, name, scopes, created_ms FROM access_token");
                  ResultSet row = select.executeQuery()) {
                while (row.next()) {
                  found.put(
                      HexFormat.of().formatHex(row.getBytes(1)),
                      new AccessToken(
                          row.getString(2),
                          row.getString(3),
                          Stream.of(row.getString(4).split(",", -1))
                              .map(Scope::valueOf)
                              .collect(Collectors.toSet()),
                          Instant.ofEpochMilli(row.getLong(5))));
                }
              }
              return found;
            }));
  }

  /**
   * Makes one; blocks.
   *
   * @throws IllegalArgumentException if there are too many
   */
  public synchronized Made create(String name, Set<Scope> scopes) {
    if (byHash.size() >= MAX) {
      throw new IllegalArgumentException(
          "there are " + MAX + " tokens already (revoke those that nobody uses)");
    }
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    AccessToken token =
        new AccessToken(HexFormat.of().formatHex(id), name, scopes, clock.instant());
    String text = PREFIX + Base32.encode(secret);
    byte[] hash = hash(text);
    database.write(
        connection ->
            NodeDatabase.change(
                connection,
                "INSERT INTO access_token (id, name, hash, scopes, created_ms)"
                    + " VALUES (?, ?, ?, ?, ?)",
                token.id(),
                name,
                hash,
                String.join(",", scopes.stream().map(Scope::name).sorted().toList()),
                token.created().toEpochMilli()));
    byHash.put(HexFormat.of().formatHex(hash), token);
    return new Made(token, text);
  }

  /** Makes one useless, at once; blocks. False if there is none of that id. */
  public synchronized boolean revoke(String id) {
    boolean known = byHash.values().removeIf(token -> token.id().equals(id));
    database.write(
        connection -> NodeDatabase.change(connection, "DELETE FROM access_token WHERE id = ?", id));
    return known;
  }

  /** All of them, the oldest first. */
  public List<AccessToken> all() {
    return byHash.values().stream()
        .sorted((one, other) -> one.created().compareTo(other.created()))
        .toList();
  }

  /** The one with that secret. */
  public Optional<AccessToken> find(String secret) {
    return Optional.ofNullable(byHash.get(HexFormat.of().formatHex(hash(secret))));
  }

  private static byte[] hash(String secret) {
    return Sha256.of(secret.getBytes(StandardCharsets.UTF_8));
  }
}

package dev.waggle.node.data;

import java.time.Instant;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * What lets one client use the API, within its scopes. The secret itself is shown once and not
 * kept.
 *
 * @param id by which it is listed and revoked
 * @param name whose it is, for people; 1 to 64 printable characters
 */
public record AccessToken(String id, String name, Set<Scope> scopes, Instant created) {
  /** What a token may be used for. */
  public enum Scope {
    /** To ask models. */
    CHAT,
    /** To read tasks, events and the ledger. */
    READ,
    /** To submit jobs, and to read and change them. */
    JOBS,
    /** To change the node; includes the others. */
    ADMIN;

    /** Its name for people. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The scope of a name.
     *
     * @throws IllegalArgumentException naming the scopes there are
     */
    public static Scope of(String word) {
      for (Scope scope : values()) {
        if (scope.word().equals(word)) {
          return scope;
        }
      }
      throw new IllegalArgumentException(
          "there is no scope \"" + word + "\" (chat, read, jobs or admin)");
    }
  }

  public AccessToken {
    scopes = Set.copyOf(EnumSet.copyOf(scopes));
  }

  /** Whether it may be used for that. */
  public boolean allows(Scope scope) {
    return scopes.contains(scope) || scopes.contains(Scope.ADMIN);
  }
}

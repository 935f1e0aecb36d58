package dev.waggle.ledger;

/** The ledger cannot be opened, read or written; the message names the cause and the remedy. */
public final class LedgerException extends Exception {
  private static final long serialVersionUID = 1L;

  LedgerException(String message) {
    super(message);
  }

  LedgerException(String message, Throwable cause) {
    super(message, cause);
  }
}

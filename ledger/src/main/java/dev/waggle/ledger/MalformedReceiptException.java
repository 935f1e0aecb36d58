package dev.waggle.ledger;

/** Bytes that should be a receipt are not one. */
public final class MalformedReceiptException extends Exception {
  private static final long serialVersionUID = 1L;

  MalformedReceiptException(String message) {
    super(message);
  }

  /** Never null: there is always a reason. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}

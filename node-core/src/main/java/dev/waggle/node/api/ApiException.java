package dev.waggle.node.api;

/** Carries an {@link ApiError} to whoever answers the request. */
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient ApiError error;

  ApiException(ApiError error) {
    // It is an answer, not a bug: where it came from is of no interest.
    super(error.message(), null, false, false);
    this.error = error;
  }

  ApiError error() {
    return error;
  }
}

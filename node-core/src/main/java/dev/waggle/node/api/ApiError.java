package dev.waggle.node.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.waggle.coordinator.TaskFailure;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Why a request was not fulfilled.
 *
 * @param type OpenAI's class of error
 * @param param the field of the request that is wrong
 * @param code OpenAI's code of the error
 * @param retryAfter when to come back: when there will be room, as far as that can be told
 */
record ApiError(
    int status,
    String message,
    String type,
    @Nullable String param,
    @Nullable String code,
    Optional<Duration> retryAfter) {
  private static final String REQUEST = "invalid_request_error";

  static ApiError badRequest(String message, @Nullable String param) {
    return new ApiError(400, message, REQUEST, param, null, Optional.empty());
  }

  static ApiError of(int status, String message, @Nullable String code) {
    String type = status < 500 ? REQUEST : "server_error";
    return new ApiError(status, message, type, null, code, Optional.empty());
  }

  static ApiError of(TaskFailure failure) {
    if (failure instanceof TaskFailure.NoSuchModel missing) {
      return new ApiError(
          404, missing.message(), REQUEST, "model", "model_not_found", Optional.empty());
    }
    if (failure instanceof TaskFailure.NotAllowed refused) {
      return of(403, refused.message(), "not_allowed");
    }
    if (failure instanceof TaskFailure.TooLong tooLong) {
      return of(400, tooLong.message(), "context_length_exceeded");
    }
    if (failure instanceof TaskFailure.BadRequest bad) {
      return badRequest(bad.message(), null);
    }
    if (failure instanceof TaskFailure.Overloaded busy) {
      return new ApiError(
          503, busy.message(), "server_error", null, "overloaded", Optional.of(busy.retryAfter()));
    }
    if (failure instanceof TaskFailure.Late late) {
      return of(504, late.message(), "deadline_exceeded");
    }
    if (failure instanceof TaskFailure.LedgerUnavailable ledger) {
      return of(500, ledger.message(), "ledger_unavailable");
    }
    return of(502, failure.message(), "worker_failed");
  }

  /** In OpenAI's form. */
  ObjectNode openAi() {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ObjectNode error = body.putObject("error");
    error.put("message", message).put("type", type).put("param", param).put("code", code);
    retryAfter.ifPresent(time -> error.put("eta_ms", time.toMillis()));
    return body;
  }

  /** In Ollama's form. */
  ObjectNode ollama() {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("error", message);
    retryAfter.ifPresent(time -> body.put("eta_ms", time.toMillis()));
    return body;
  }
}

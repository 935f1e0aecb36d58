package dev.waggle.node;

import dev.waggle.node.data.DataException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Something that is opened beside other things; closed again if nobody took it. */
final class Opening<T extends AutoCloseable> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Opening.class);

  private final CompletableFuture<T> opened;
  private boolean taken;

  /** How it is opened; blocks. */
  @FunctionalInterface
  interface Source<T> {
    T open() throws DataException;
  }

  private Opening(CompletableFuture<T> opened) {
    this.opened = opened;
  }

  static <T extends AutoCloseable> Opening<T> start(Source<T> source, Executor blocking) {
    return new Opening<>(
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return source.open();
              } catch (DataException e) {
                throw new CompletionException(e);
              }
            },
            blocking));
  }

  /** Waits until it is open; it is the caller's from now on. */
  T take() throws DataException, InterruptedException, IOException {
    try {
      T value = opened.get();
      taken = true;
      return value;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DataException cause) {
        throw cause;
      }
      throw new IOException(e.getCause());
    }
  }

  @Override
  public void close() {
    if (!taken) {
      opened.thenAccept(
          value -> {
            try {
              value.close();
            } catch (Exception e) {
              log.debug("{} did not close in order", value.getClass().getSimpleName(), e);
            }
          });
    }
  }
}

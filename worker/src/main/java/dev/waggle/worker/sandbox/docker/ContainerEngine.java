package dev.waggle.worker.sandbox.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Event;
import com.github.dockerjava.api.model.EventActor;
import com.github.dockerjava.api.model.EventType;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.Info;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import dev.waggle.worker.sandbox.SandboxException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A Docker engine, as far as tasks need it. Every call blocks for a bounded time. Thread-safe. */
final class ContainerEngine implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ContainerEngine.class);
  private static final Duration CONNECT_MAX = Duration.ofSeconds(5);
  private static final Duration ANSWER_MAX = Duration.ofSeconds(30);
  private static final int CONNECTIONS_MAX = 64;

  private final String host;
  private final DockerClient commands;
  // What a container says may stay away for as long as it runs; its run has a limit of its own.
  private final DockerClient streams;

  /**
   * An engine that is not asked for anything yet.
   *
   * @param host URI of its socket; where empty, {@code DOCKER_HOST}, or Docker's own socket
   */
  ContainerEngine(Optional<String> host) {
    DefaultDockerClientConfig.Builder builder =
        DefaultDockerClientConfig.createDefaultConfigBuilder();
    host.ifPresent(builder::withDockerHost);
    DockerClientConfig config = builder.build();
    this.host = config.getDockerHost().toString();
    this.commands = client(config, Optional.of(ANSWER_MAX));
    this.streams = client(config, Optional.empty());
  }

  private static DockerClient client(DockerClientConfig config, Optional<Duration> answerMax) {
    ZerodepDockerHttpClient.Builder http =
        new ZerodepDockerHttpClient.Builder()
            .dockerHost(config.getDockerHost())
            .sslConfig(config.getSSLConfig())
            .maxConnections(CONNECTIONS_MAX)
            .connectionTimeout(CONNECT_MAX);
    answerMax.ifPresent(http::responseTimeout);
    return DockerClientImpl.getInstance(config, http.build());
  }

  /** Where it is. */
  String host() {
    return host;
  }

  /**
   * Asks the engine whether it can hold a task.
   *
   * @throws SandboxException if it cannot be asked, or lacks a limit
   */
  void requireLimits() throws SandboxException {
    Info info;
    try {
      info = commands.infoCmd().exec();
    } catch (RuntimeException e) {
      throw new SandboxException(
          "no Docker engine answers at "
              + host
              + " (start one, set DOCKER_HOST, or choose another sandbox): "
              + e.getMessage(),
          e);
    }
    List<String> missing = missing(info);
    if (!missing.isEmpty()) {
      throw new SandboxException(
          "the Docker engine at "
              + host
              + " cannot limit what code does: it has no "
              + String.join(", no ", missing)
              + " (see what `docker info` warns of, or choose another sandbox)");
    }
  }

  /** Which limits an engine lacks, by its own account. */
  static List<String> missing(Info info) {
    List<String> missing = new ArrayList<>();
    List<String> security =
        info.getSecurityOptions() == null ? List.of() : info.getSecurityOptions();
    if (security.stream().noneMatch(ContainerEngine::filtersCalls)) {
      missing.add("seccomp filter");
    }
    if (!Boolean.TRUE.equals(info.getMemoryLimit())) {
      missing.add("memory limit");
    }
    if (!Boolean.TRUE.equals(info.getSwapLimit())) {
      missing.add("swap limit");
    }
    if (!Boolean.TRUE.equals(info.getRawValues().get("PidsLimit"))) {
      missing.add("limit of processes");
    }
    if (!Boolean.TRUE.equals(info.getCpuCfsQuota())) {
      missing.add("CPU limit");
    }
    if (!"linux".equals(info.getOsType())) {
      missing.add("Linux containers");
    }
    return missing;
  }

  private static boolean filtersCalls(String option) {
    return option.startsWith("name=seccomp") && !option.contains("profile=unconfined");
  }

  /** What the engine has under a reference; empty if nothing. */
  Optional<InspectImageResponse> image(String reference) {
    try {
      return Optional.of(commands.inspectImageCmd(reference).exec());
    } catch (NotFoundException e) {
      return Optional.empty();
    }
  }

  /** Creates a container, which does not run yet; returns its id. */
  String create(ContainerPlan plan) throws IOException {
    try {
      return plan.fill(commands.createContainerCmd(plan.image())).exec().getId();
    } catch (RuntimeException e) {
      throw failure("create a container", e);
    }
  }

  /**
   * Gives a container its input and hears what it says; before it runs, so that nothing is lost.
   */
  void attach(String container, byte[] input, ResultCallback.Adapter<Frame> speech)
      throws IOException, InterruptedException {
    try {
      streams
          .attachContainerCmd(container)
          .withStdIn(new ByteArrayInputStream(input))
          .withStdOut(true)
          .withStdErr(true)
          .withFollowStream(true)
          .exec(speech);
      if (!speech.awaitStarted(ANSWER_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException("the Docker engine at " + host + " does not answer");
      }
    } catch (RuntimeException e) {
      throw failure("attach to a container", e);
    }
  }

  void start(String container) throws IOException {
    try {
      commands.startContainerCmd(container).exec();
    } catch (RuntimeException e) {
      throw failure("start a container", e);
    }
  }

  /** Sends a signal to the first process of a container; one that has ended takes none. */
  void signal(String container, String signal) {
    try {
      commands.killContainerCmd(container).withSignal(signal).exec();
    } catch (RuntimeException e) {
      log.debug("container {} takes no {}: {}", container, signal, e.toString());
    }
  }

  /** What the first process of a container that has ended returned; empty if it still runs. */
  Optional<Integer> exitCode(String container) throws IOException {
    try {
      var state = commands.inspectContainerCmd(container).exec().getState();
      @Nullable Long code = state.getExitCodeLong();
      return Boolean.TRUE.equals(state.getRunning()) || code == null
          ? Optional.empty()
          : Optional.of(code.intValue());
    } catch (RuntimeException e) {
      throw failure("look at a container", e);
    }
  }

  /** Ends and removes a container, and says in the log if that failed. */
  void remove(String container) {
    try {
      commands.removeContainerCmd(container).withForce(true).withRemoveVolumes(true).exec();
    } catch (NotFoundException e) {
      log.debug("container {} is gone already", container);
    } catch (RuntimeException e) {
      log.warn(
          "container {} was not removed, which is tried again at the next start: {}",
          container,
          e.toString());
    }
  }

  /** Containers that have a label of a value, running or not, with all their labels. */
  Map<String, Map<String, String>> labelled(String label, String value) throws IOException {
    try {
      Map<String, Map<String, String>> found = new HashMap<>();
      for (Container each :
          commands
              .listContainersCmd()
              .withShowAll(true)
              .withLabelFilter(Map.of(label, value))
              .exec()) {
        found.put(each.getId(), each.getLabels() == null ? Map.of() : each.getLabels());
      }
      return found;
    } catch (RuntimeException e) {
      throw failure("list containers", e);
    }
  }

  /**
   * Tells of each time that the kernel ends a process in a container with a label because memory is
   * used up, until the engine is lost or closed.
   *
   * @param listener takes the container's id; must not block
   */
  void onMemoryUsedUp(String label, String value, Consumer<String> listener) {
    streams
        .eventsCmd()
        .withEventTypeFilter(EventType.CONTAINER)
        .withEventFilter("oom")
        .withLabelFilter(label + "=" + value)
        .exec(
            new ResultCallback.Adapter<Event>() {
              @Override
              public void onNext(Event event) {
                @Nullable EventActor actor = event.getActor();
                if (actor != null && actor.getId() != null) {
                  listener.accept(actor.getId());
                }
              }

              @Override
              public void onError(Throwable throwable) {
                log.debug("no events from {} any more: {}", host, throwable.toString());
              }
            });
  }

  private IOException failure(String what, RuntimeException cause) {
    String why = cause instanceof DockerException ? cause.getMessage() : cause.toString();
    return new IOException("the Docker engine at " + host + " did not " + what + ": " + why, cause);
  }

  @Override
  public void close() {
    for (DockerClient each : List.of(commands, streams)) {
      try {
        each.close();
      } catch (IOException e) {
        log.debug("a connection to {} did not close in order: {}", host, e.toString());
      }
    }
  }
}

package dev.waggle.worker.engine.llamacpp;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaIterator;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.LlamaOutput;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.Pair;
import dev.waggle.worker.engine.llamacpp.ChildMessage.Ask;
import dev.waggle.worker.engine.llamacpp.ChildMessage.Ended;
import dev.waggle.worker.engine.llamacpp.ChildMessage.Said;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The child process of one model: loads it, answers one request after another, and ends when its
 * node closes the socket or is gone. Talks over a socket because the native code prints to standard
 * output.
 */
public final class LlamaChild {
  private static final int CONTEXT_TOKENS_MAX = 8_192;
  private static final int WAITING_MAX = 2;
  // What llama.cpp puts before a prompt.
  private static final int BEGIN_TOKENS = 1;

  private final LlamaModel model;
  private final int context;
  private final Path socketFile;
  private final Writer out;
  private final BlockingQueue<Ask> asks = new LinkedBlockingQueue<>(WAITING_MAX);
  private final AtomicBoolean stop = new AtomicBoolean();

  private LlamaChild(LlamaModel model, int context, Path socketFile, Writer out) {
    this.model = model;
    this.context = context;
    this.socketFile = socketFile;
    this.out = out;
  }

  /** Arguments: the model file, the socket, and the context length in tokens. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path socketFile = Path.of(arguments[1]);
    dieWithParent(socketFile);
    SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
    socket.connect(UnixDomainSocketAddress.of(socketFile));
    Writer out = Channels.newWriter(socket, StandardCharsets.UTF_8);
    BufferedReader in =
        new BufferedReader(Channels.newReader(socket, StandardCharsets.UTF_8), 1 << 16);
    int context = Math.min(CONTEXT_TOKENS_MAX, Integer.parseInt(arguments[2]));
    LlamaModel model;
    long begin = System.nanoTime();
    try {
      model =
          new LlamaModel(
              new ModelParameters().setModel(arguments[0]).setCtxSize(context).disableLog());
    } catch (RuntimeException | UnsatisfiedLinkError e) {
      out.write(
          ChildMessage.line(Said.error("llama.cpp cannot load the model: " + e.getMessage())));
      out.flush();
      halt(socketFile);
      return;
    }
    LlamaChild child = new LlamaChild(model, context, socketFile, out);
    child.say(Said.ready((System.nanoTime() - begin) / 1_000_000, context));
    Thread listening = new Thread(() -> child.listen(in), "listening");
    listening.setDaemon(true);
    listening.start();
    child.answerAll();
  }

  /** Standard input is a pipe from the node: it ends when the node does, however that ends. */
  private static void dieWithParent(Path socketFile) {
    Thread watching =
        new Thread(
            () -> {
              try {
                System.in.transferTo(OutputStream.nullOutputStream());
              } catch (IOException e) {
                // A broken pipe says the same.
              }
              halt(socketFile);
            },
            "parent-watch");
    watching.setDaemon(true);
    watching.start();
  }

  private static void halt(Path socketFile) {
    // A node that was killed cannot tidy up any more.
    LlamaProcess.delete(socketFile);
    // The native code keeps the process alive and crashes in orderly exits.
    Runtime.getRuntime().halt(0);
  }

  private void listen(BufferedReader in) {
    try {
      String line;
      while ((line = ChildMessage.read(in)) != null) {
        Ask ask = ChildMessage.parse(line, Ask.class);
        if (ask.isStop()) {
          stop.set(true);
        } else if (!asks.offer(ask)) {
          break;
        }
      }
    } catch (IOException e) {
      // The node is gone, or says what no node says: the same end.
    }
    halt(socketFile);
  }

  private void answerAll() throws InterruptedException, IOException {
    while (true) {
      Ask ask = asks.take();
      stop.set(false);
      try {
        say(answer(ask));
      } catch (RuntimeException e) {
        say(Said.error("llama.cpp failed: " + e.getMessage()));
      }
    }
  }

  private Said answer(Ask ask) throws IOException {
    long begin = System.nanoTime();
    InferenceParameters parameters = parameters(ask);
    if (ask.format() != null) {
      say(Said.understood());
    }
    String prompt =
        (ask.turns().isEmpty() ? "" : model.applyTemplate(parameters)) + whole(ask.text());
    if (!ask.text().isEmpty()) {
      parameters = sampling(new InferenceParameters(prompt), ask);
    }
    int promptTokens = model.encode(prompt).length;
    // Beyond its context llama.cpp forgets the prompt's middle, and goes on without end.
    int room = context - BEGIN_TOKENS - promptTokens;
    if (room < 1) {
      return Said.refused(
          "a prompt of "
              + promptTokens
              + " tokens is too long for the model's context of "
              + context
              + " tokens");
    }
    int most = ask.maxTokens() == null ? room : Math.min(room, ask.maxTokens());
    parameters.setNPredict(most);
    LlamaIterator pieces = model.generate(parameters).iterator();
    StringBuilder text = new StringBuilder();
    int outputTokens = 0;
    long first = 0;
    while (pieces.hasNext()) {
      LlamaOutput piece = pieces.next();
      if (first == 0) {
        first = System.nanoTime();
      }
      if (!piece.text.isEmpty()) {
        outputTokens++;
        text.append(piece.text);
        say(Said.text(piece.text));
      }
      if (stop.get()) {
        pieces.cancel();
        break;
      }
    }
    long end = System.nanoTime();
    long prefilled = first == 0 ? end : first;
    // A piece can be several tokens: parts of a character come together.
    boolean length = Math.max(outputTokens, model.encode(text.toString()).length) >= most;
    return Said.end(
        new Ended(
            length,
            promptTokens,
            outputTokens,
            (prefilled - begin) / 1_000_000,
            (end - prefilled) / 1_000_000));
  }

  /** The conversation, to be put through the template. */
  private static InferenceParameters parameters(Ask ask) {
    String system = "";
    List<Pair<String, String>> turns = new ArrayList<>();
    for (ChildMessage.Turn turn : ask.turns()) {
      if (turn.role().equals("system")) {
        String content = whole(turn.content());
        system = system.isEmpty() ? content : system + "\n" + content;
      } else {
        // The template knows two speakers; what a tool says is told by the user.
        String role = turn.role().equals("assistant") ? "assistant" : "user";
        turns.add(new Pair<>(role, whole(turn.content())));
      }
    }
    return sampling(
        new InferenceParameters("").setMessages(system, turns).setUseChatTemplate(true), ask);
  }

  /** The native code takes a zero for the end of a text. */
  private static String whole(String text) {
    return text.replace('\0', '\uFFFD');
  }

  private static InferenceParameters sampling(InferenceParameters parameters, Ask ask) {
    if (ask.temperature() != null) {
      parameters.setTemperature(ask.temperature().floatValue());
    }
    if (ask.topP() != null) {
      parameters.setTopP(ask.topP().floatValue());
    }
    if (ask.topK() != null) {
      parameters.setTopK(ask.topK());
    }
    if (ask.minP() != null) {
      parameters.setMinP(ask.minP().floatValue());
    }
    if (ask.presencePenalty() != null) {
      parameters.setPresencePenalty(ask.presencePenalty().floatValue());
    }
    if (ask.frequencyPenalty() != null) {
      parameters.setFrequencyPenalty(ask.frequencyPenalty().floatValue());
    }
    if (ask.repeatPenalty() != null) {
      parameters.setRepeatPenalty(ask.repeatPenalty().floatValue());
    }
    if (ask.format() != null) {
      parameters.setGrammar(
          LlamaModel.jsonSchemaToGrammar(
              ask.format().equals("json") ? "{\"type\":\"object\"}" : ask.format()));
    }
    if (ask.seed() != null) {
      parameters.setSeed(ask.seed().intValue());
    }
    if (!ask.stop().isEmpty()) {
      parameters.setStopStrings(ask.stop().toArray(String[]::new));
    }
    return parameters;
  }

  private void say(Said said) throws IOException {
    out.write(ChildMessage.line(said));
    out.flush();
  }
}

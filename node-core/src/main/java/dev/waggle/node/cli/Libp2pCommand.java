package dev.waggle.node.cli;

import dev.waggle.crypto.Identity;
import dev.waggle.mesh.libp2p.connection.Libp2pHost;
import dev.waggle.mesh.libp2p.multiformat.Multiaddr;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "libp2p",
    description = "A plain libp2p host outside any swarm, to look at and measure networks.",
    subcommands = {Libp2pServeCommand.class, Libp2pDialCommand.class},
    mixinStandardHelpOptions = true)
final class Libp2pCommand implements Runnable {
  /** The protocol that sends bytes back. */
  static final String ECHO = "/waggle/echo/1";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to do: serve or dial");
  }

  /** The option of both commands: who the host is. */
  static final class KeyOption {
    @Option(
        names = "--key-seed",
        paramLabel = "HEX",
        description = "The identity's 32-byte seed, so that the peer id is always the same.")
    private @Nullable String seed;

    Identity identity() throws CommandException {
      if (seed == null) {
        return Identity.generate(new SecureRandom());
      }
      try {
        return Identity.ofSeed(HexFormat.of().parseHex(seed));
      } catch (IllegalArgumentException e) {
        throw new CommandException(
            ExitCode.USAGE, "--key-seed takes " + 2 * Identity.SEED_BYTES + " hex digits", e);
      }
    }
  }

  static List<Multiaddr> addresses(List<String> texts) throws CommandException {
    List<Multiaddr> addresses = new ArrayList<>();
    for (String text : texts) {
      addresses.add(address(text));
    }
    return addresses;
  }

  static Multiaddr address(String text) throws CommandException {
    try {
      return Multiaddr.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CommandException(
          ExitCode.USAGE, "\"" + text + "\" is no libp2p address: " + e.getMessage(), e);
    }
  }

  static Libp2pHost host(Identity identity, List<Multiaddr> listen) throws CommandException {
    try {
      return Libp2pHost.start(identity, listen);
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILED, String.valueOf(e.getMessage()), e);
    }
  }
}

package dev.waggle.node.cli;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.IdentityStore;
import dev.waggle.crypto.IdentityStore.Kind;
import dev.waggle.crypto.SecretsException;
import dev.waggle.mesh.swarm.membership.SwarmId;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "owner",
    description =
        "Keep the swarm's owner key offline, or hand it over: it makes and revokes admins.",
    subcommands = {
      OwnerCommand.Status.class,
      OwnerCommand.Export.class,
      OwnerCommand.Import.class,
      OwnerCommand.Forget.class
    },
    mixinStandardHelpOptions = true)
final class OwnerCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "say what to do: status, export, import or forget");
  }

  /** None of these disturbs a running node: it looks for the key when it needs it. */
  abstract static class OnOwner extends KeysCommand.OnSecrets {
    @Override
    boolean needsTheNodeStopped() {
      return false;
    }

    static Identity require(IdentityStore secrets) throws SecretsException {
      return secrets
          .owner()
          .orElseThrow(
              () ->
                  new SecretsException(
                      "no owner key is here (it is on the node that founded the swarm, or in a"
                          + " file: waggle owner import FILE)"));
    }

    static SwarmId swarm(Identity owner) {
      return SwarmId.ofOwner(owner.peerId());
    }
  }

  @Command(name = "status", description = "Show whether the owner key is here.")
  static final class Status extends OnOwner {
    @Override
    void change(IdentityStore secrets) throws SecretsException {
      Optional<Identity> owner = secrets.owner();
      out()
          .println(
              owner.isPresent()
                  ? "the owner key of swarm " + swarm(owner.get()) + " is here"
                  : "no owner key is here");
    }
  }

  @Command(name = "export", description = "Write the owner key to a file; it stays here, too.")
  static final class Export extends OnOwner {
    @Parameters(paramLabel = "FILE", description = "Must not exist.")
    private Path file = Path.of("");

    @Override
    void change(IdentityStore secrets) throws SecretsException, IOException {
      Identity owner = require(secrets);
      write(
          file,
          IdentityStore.export(
              owner, Kind.OWNER, passphrases.ofNewExport().ask(), new SecureRandom()));
      out()
          .println(
              "exported the owner key of swarm "
                  + swarm(owner)
                  + " to "
                  + file
                  + " (to keep it offline: waggle owner forget)");
    }
  }

  @Command(name = "import", description = "Take the owner key from a file.")
  static final class Import extends OnOwner {
    @Parameters(paramLabel = "FILE", description = "What \"owner export\" wrote.")
    private Path file = Path.of("");

    @Override
    void change(IdentityStore secrets) throws SecretsException {
      Identity owner = IdentityStore.readExport(file, Kind.OWNER, passphrases.ofExport());
      Optional<Identity> here = secrets.owner();
      if (here.isPresent() && !here.get().peerId().equals(owner.peerId())) {
        throw new SecretsException(
            "the owner key of another swarm is here, "
                + swarm(here.get())
                + " (export it, then: waggle owner forget)");
      }
      secrets.keepOwner(owner);
      out().println("the owner key of swarm " + swarm(owner) + " is here now");
    }
  }

  @Command(
      name = "forget",
      description = "Delete the owner key from this node; export it before, it cannot be remade.")
  static final class Forget extends OnOwner {
    @Override
    void change(IdentityStore secrets) throws SecretsException {
      SwarmId swarm = swarm(require(secrets));
      secrets.deleteOwner();
      out().println("the owner key of swarm " + swarm + " is no longer here");
    }
  }
}

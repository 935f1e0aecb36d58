package dev.waggle.node.cli;

import dev.waggle.crypto.Identity;
import dev.waggle.crypto.IdentityStore;
import dev.waggle.crypto.IdentityStore.Kind;
import dev.waggle.crypto.OwnerOnlyFile;
import dev.waggle.crypto.PassphraseSource;
import dev.waggle.crypto.SecretsException;
import dev.waggle.node.data.DataDirectory;
import dev.waggle.node.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "keys",
    description = "Lock this node's keys with a passphrase, renew them, take its identity along.",
    subcommands = {
      KeysCommand.Lock.class,
      KeysCommand.Unlock.class,
      KeysCommand.Rotate.class,
      KeysCommand.Export.class,
      KeysCommand.Restore.class
    },
    mixinStandardHelpOptions = true)
final class KeysCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "say what to do: lock, unlock, rotate, export or restore");
  }

  /** A command on the files of a node's secrets. */
  abstract static class OnSecrets extends NodeCommand {
    @Mixin final PassphraseOptions passphrases = new PassphraseOptions();

    /** Does it. */
    abstract void change(IdentityStore secrets) throws SecretsException, IOException;

    /** Whether a running node would be confused by it. */
    boolean needsTheNodeStopped() {
      return true;
    }

    @Override
    int run() throws CommandException, IOException {
      try {
        if (needsTheNodeStopped()) {
          try (DataDirectory held = DataDirectory.open(directory())) {
            change(IdentityStore.openExisting(held.path(), passphrases.keys()));
          }
        } else {
          change(IdentityStore.openExisting(directory(), passphrases.keys()));
        }
      } catch (SecretsException | DataException e) {
        throw new CommandException(ExitCode.FAILED, String.valueOf(e.getMessage()), e);
      }
      return ExitCode.DONE;
    }

    static void write(Path file, byte[] content) throws SecretsException, IOException {
      if (Files.exists(file)) {
        throw new IOException(file + " exists already");
      }
      OwnerOnlyFile.write(file, content);
    }
  }

  @Command(name = "lock", description = "Set a passphrase; the node needs it at each start.")
  static final class Lock extends OnSecrets {
    @Override
    void change(IdentityStore secrets) throws SecretsException {
      secrets.lock(passphrases.ofNewLock().ask());
      out()
          .println(
              "locked; start the node with WAGGLE_PASSPHRASE set, or with keys.passphrase-file in"
                  + " config.toml");
    }
  }

  @Command(name = "unlock", description = "Do without a passphrase.")
  static final class Unlock extends OnSecrets {
    @Override
    void change(IdentityStore secrets) throws SecretsException {
      secrets.unlock();
      out().println("unlocked; the mode of the files alone protects the keys now");
    }
  }

  @Command(
      name = "rotate",
      description = "Encrypt the secrets with a new key; the one before opens backups until then.")
  static final class Rotate extends OnSecrets {
    @Override
    void change(IdentityStore secrets) throws SecretsException {
      secrets.rotate(passphrases.keys());
      out().println("rotated");
    }
  }

  @Command(name = "export", description = "Write this node's identity to a file, for a backup.")
  static final class Export extends OnSecrets {
    @Parameters(paramLabel = "FILE", description = "Must not exist.")
    private Path file = Path.of("");

    @Override
    boolean needsTheNodeStopped() {
      return false;
    }

    @Override
    void change(IdentityStore secrets) throws SecretsException, IOException {
      write(
          file,
          IdentityStore.export(
              secrets.node(), Kind.NODE, passphrases.ofNewExport().ask(), new SecureRandom()));
      out().println("exported " + secrets.node().peerId() + " to " + file);
    }
  }

  @Command(
      name = "restore",
      description = "Give a new data directory the identity of a file; then join the swarm again.")
  static final class Restore extends NodeCommand {
    @Mixin private final PassphraseOptions passphrases = new PassphraseOptions();

    @Parameters(paramLabel = "FILE", description = "What \"keys export\" wrote.")
    private Path file = Path.of("");

    @Override
    int run() throws CommandException {
      try (DataDirectory held = DataDirectory.open(directory())) {
        PassphraseSource passphrase = passphrases.ofExport();
        Identity identity = IdentityStore.readExport(file, Kind.NODE, passphrase);
        IdentityStore.restore(held.path(), identity, new SecureRandom());
        out().println("restored " + identity.peerId());
      } catch (SecretsException | DataException e) {
        throw new CommandException(ExitCode.FAILED, String.valueOf(e.getMessage()), e);
      }
      return ExitCode.DONE;
    }
  }
}

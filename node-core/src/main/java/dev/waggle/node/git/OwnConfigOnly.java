package dev.waggle.node.git;

import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.storage.file.FileBasedConfig;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;

/** Reads no settings of git but a repository's own, and writes none. */
final class OwnConfigOnly extends SystemReader.Delegate {
  OwnConfigOnly(SystemReader system) {
    super(system);
  }

  @Override
  public FileBasedConfig openUserConfig(Config parent, FS fs) {
    return new Nothing(parent, fs);
  }

  @Override
  public FileBasedConfig openSystemConfig(Config parent, FS fs) {
    return new Nothing(parent, fs);
  }

  @Override
  public FileBasedConfig openJGitConfig(Config parent, FS fs) {
    return new Nothing(parent, fs);
  }

  private static final class Nothing extends FileBasedConfig {
    Nothing(Config parent, FS fs) {
      super(parent, null, fs);
    }

    @Override
    public void load() {
      // There is nothing.
    }

    @Override
    public void save() {
      // What is learned of this machine is of no use after the command.
    }

    @Override
    public boolean isOutdated() {
      return false;
    }
  }
}

package dev.waggle.crypto;

/** Where a passphrase comes from; asked only when one is needed. */
@FunctionalInterface
public interface PassphraseSource {
  /** There is none. */
  PassphraseSource NONE =
      () -> {
        throw new SecretsException("the keys are locked with a passphrase, and none is given");
      };

  /**
   * The passphrase. The caller overwrites the array.
   *
   * @throws SecretsException if there is none, saying how to give it
   */
  char[] ask() throws SecretsException;
}

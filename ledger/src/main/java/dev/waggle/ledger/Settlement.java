package dev.waggle.ledger;

import dev.waggle.crypto.PeerId;

/**
 * A receipt that its worker has not acknowledged yet.
 *
 * @param sequence the receipt's entry
 */
public record Settlement(long sequence, PeerId worker, Receipt receipt) {}

package dev.waggle.mesh.libp2p.multiformat;

/** Placeholder for the real one: text and bytes of a multiaddr. */
public record Multiaddr(String text) {}

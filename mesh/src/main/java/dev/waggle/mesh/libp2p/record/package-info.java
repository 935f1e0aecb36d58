/** Records that their makers signed: envelopes and peer records (libp2p RFC 0002 and 0003). */
@NullMarked
package dev.waggle.mesh.libp2p.record;

import org.jspecify.annotations.NullMarked;

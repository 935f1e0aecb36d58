/**
 * Members look after each other's records: {@code /waggle/ledger/1}. What is carried is not read
 * here; who reads it is behind {@link dev.waggle.mesh.swarm.audit.AuditServer}.
 */
@NullMarked
package dev.waggle.mesh.swarm.audit;

import org.jspecify.annotations.NullMarked;

const SECOND = 1_000;

/**
 * Configuration of a system under chaos: its stages may take so long that no order is given up because a process that
 * was killed takes its time to come back, on a machine that has other things to do. Milliseconds.
 */
export const PATIENCE: Readonly<Record<string, string>> = {
  PROCESS_PAYMENT_DEADLINE: String(180 * SECOND),
  // These three together may take no longer than a reservation stands.
  PROCESS_RESERVATION_DEADLINE: String(120 * SECOND),
  PROCESS_CAPTURE_DEADLINE: String(90 * SECOND),
  PROCESS_CONFIRMATION_DEADLINE: String(90 * SECOND),
};

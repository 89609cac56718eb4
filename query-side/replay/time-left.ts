/** As minutes and seconds, at the pace so far; a question mark where there is none yet. */
export function timeLeft(done: number, all: number, seconds: number): string {
  if (done >= all) return '0:00';
  if (done <= 0 || seconds <= 0) return '?';
  const left = Math.ceil(((all - done) / done) * seconds);
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
}

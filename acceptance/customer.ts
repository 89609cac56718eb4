/** What a customer does at the page of the payment provider. Answers with what it then says. */
export async function decide(url: string, decision: 'approve' | 'decline'): Promise<string> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ decision }) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

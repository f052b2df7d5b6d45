// The shop's own script: its buttons open the chat through the widget's API, as any site's may.
for (const button of document.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", () => window.Frontdesk?.open());
}

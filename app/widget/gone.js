/**
 * For the page that says that there is no such agent: the loader shows a frame only once it has spoken, and Escape is to
 * close it as it closes the panel.
 */
addEventListener('message', ({ data, source, ports: [port] }) => {
  if (source !== parent || !data || data.type !== 'frontdesk:connect' || !port) return;
  addEventListener('keydown', ({ key }) => key === 'Escape' && port.postMessage({ type: 'close' }));
  port.postMessage({ type: 'gone' });
});

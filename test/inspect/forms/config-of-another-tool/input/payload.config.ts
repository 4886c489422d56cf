export default {
  apiKey: process.env.PAYLOAD_API_KEY,
  endpoint: 'https://example.com/payloads',
}

"""What several stages need of sound: PCM, WAV, decoding, resampling, measuring, trimming, fades."""

"""What people do with alerts: who takes one on, and which were false."""
